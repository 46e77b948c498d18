/** Jest's globalTeardown: stops the PostgreSQL that global-setup.mjs started, if it did. */
export default async function stopTestServer() {
  await globalThis.stopTimerTestServer?.();
}
