/**
 * Runs the PostgreSQL for one test run, started by global-setup.mjs. Prints one line of JSON when it is ready, and exits
 * at the end of its input: the kernel closes the input if the test run is killed, so no server is left running.
 */
import { startTestServer } from './test-server.ts';

// Ctrl-C reaches the whole process group, but the test run may still have connections. The end of the input follows.
for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) process.on(signal, () => undefined);

// Writing fails if the test run was killed while the server started. The end of the input handles that.
process.stdout.on('error', () => undefined);

const inputEnd = new Promise<void>((resolve) => {
  process.stdin.once('end', resolve).once('error', resolve).resume();
});
const server = await startTestServer(process.env['TEST_DATABASE_URL']);
process.stdout.write(`${JSON.stringify(server.address)}\n`);
await inputEnd;
await server.stop();
