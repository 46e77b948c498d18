/**
 * Jest's globalSetup: starts one PostgreSQL with a migrated template database for the whole run. `npm test` calls it before,
 * so that its projects share one.
 */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';

const directory = fileURLToPath(new URL('.', import.meta.url));

export default async function startTestServer() {
  if (process.env.TIMER_TEST_SERVER !== undefined) return;
  const child = spawn(
    process.execPath,
    ['--import', 'tsx', '--conditions=@timer-platform/source', `${directory}test-server-process.ts`],
    { cwd: directory, stdio: ['pipe', 'pipe', 'inherit'] },
  );
  const exit = once(child, 'exit');
  const line = await Promise.race([
    once(createInterface(child.stdout), 'line').then(([text]) => text),
    exit.then(([code]) => {
      throw new Error(`The PostgreSQL for the tests did not start (exit code ${code}); see above`);
    }),
  ]);
  process.env.TIMER_TEST_SERVER = line;
  globalThis.stopTimerTestServer = async () => {
    child.stdin.end();
    const [code] = await exit;
    if (code !== 0) throw new Error(`The PostgreSQL for the tests exited with code ${code}`);
  };
}
