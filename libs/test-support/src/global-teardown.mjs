/** Jest's globalTeardown: ends what global-setup.mjs has started. */
export default async function stopTestServer() {
  await globalThis.stopTimerTestServer();
}
