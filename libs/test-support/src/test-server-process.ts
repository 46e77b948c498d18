/**
 * Runs the PostgreSQL of one test run; started by global-setup.mjs. Prints one line of JSON when it is ready and ends
 * with its input: when the test run is killed, the kernel closes that input, so nothing is left running.
 */
import { startTestServer } from './test-server.ts';

// These reach the whole process group; the test run may still be closing connections, and the end of the input follows.
for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) process.on(signal, () => undefined);

// Nobody reads it any more when the run was killed while the server started; the end of the input says so as well.
process.stdout.on('error', () => undefined);

const inputEnd = new Promise<void>((resolve) => {
  process.stdin.once('end', resolve).once('error', resolve).resume();
});
const server = await startTestServer(process.env['TEST_DATABASE_URL']);
process.stdout.write(`${JSON.stringify(server.address)}\n`);
await inputEnd;
await server.stop();
