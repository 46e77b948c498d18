import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import { createServer } from 'node:net';
import { text } from 'node:stream/consumers';
import { fileURLToPath } from 'node:url';
import { expect, test } from '@jest/globals';
import { bundleProgram } from '@timer-platform/test-support';
import { z } from 'zod';

const MAIN = fileURLToPath(new URL('main.ts', import.meta.url));
const API_KEY = 'k'.repeat(32);

/** Runs the service with these variables only, and waits for its exit. */
async function runMain(env: Readonly<Record<string, string>>) {
  const child = spawn(process.execPath, [await bundleProgram(MAIN)], {
    env: { PATH: process.env['PATH'], ...env },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  const [stdout, stderr] = await Promise.all([text(child.stdout), text(child.stderr), once(child, 'exit')]);
  return { exitCode: child.exitCode, stdout, stderr };
}

test('exits with 2 and lists every issue if the settings are invalid', async () => {
  const { exitCode, stdout, stderr } = await runMain({ PORT: 'http', LOG_LEVEL: 'loud' });
  expect(exitCode).toBe(2);
  expect(stdout).toBe('');
  expect(stderr.trimEnd().split('\n')).toEqual([
    'invalid configuration:',
    expect.stringMatching(/^ {2}LOG_LEVEL /),
    '  PORT must be a whole number',
  ]);
});

test('exits with 2 if the database and the API key are missing', async () => {
  const { exitCode, stderr } = await runMain({});
  expect(exitCode).toBe(2);
  expect(stderr).toMatch(/^ {2}DATABASE_URL must be set.*\n {2}API_KEY must be set/m);
});

test('exits with 1 if the start fails', async () => {
  const occupied = createServer().listen(0, '127.0.0.1');
  await once(occupied, 'listening');
  const { port } = z.object({ port: z.number() }).parse(occupied.address());
  const { exitCode, stdout } = await runMain({
    DATABASE_URL: 'postgres://127.0.0.1:1/timers',
    API_KEY,
    HOST: '127.0.0.1',
    PORT: String(port),
  });
  occupied.close();
  expect(exitCode).toBe(1);
  expect(stdout).toContain('EADDRINUSE');
});

// Nx ignores the exit code of a continuous task that no other task depends on, and reports success.
test('the target serve is not continuous, so nx run fails if the service fails', () => {
  const manifest: unknown = JSON.parse(readFileSync(new URL('../package.json', import.meta.url), 'utf8'));
  const target = z.object({ continuous: z.boolean().optional() });
  const schema = z.object({ nx: z.object({ targets: z.object({ serve: target }) }) });
  expect(schema.parse(manifest).nx.targets.serve.continuous).toBeUndefined();
});
