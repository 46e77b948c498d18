import { execFile } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { expect, test } from '@jest/globals';

const MAIN = fileURLToPath(new URL('main.ts', import.meta.url));

test('npx nx run examples:saga-timeout: a paid seat is confirmed, the other is released by its timer', async () => {
  const args = ['--conditions=@timer-platform/source', '--import', 'tsx', MAIN];
  const { stdout } = await promisify(execFile)(process.execPath, args, {
    env: { ...process.env, NODE_OPTIONS: '' },
  });
  expect(stdout.trim().split('\n')).toEqual([
    'seat 12A: paid in time, confirmed',
    'seat 12B: the timeout came first, released',
    'seat 12B: paid too late, refunded',
  ]);
});
