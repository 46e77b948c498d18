/** Jest's globalTeardown: stops the PostgreSQL that global-setup.mjs started. */
export default async function stopTestServer() {
  await globalThis.stopTimerTestServer();
}
