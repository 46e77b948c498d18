import assert from 'node:assert/strict';
import { test } from 'node:test';
import { runInShell } from './run-in-shell.mjs';

const run = (command, options) =>
  runInShell(command, { cwd: '.', env: process.env, timeoutMs: 30_000, ...options });

test('returns the exit code and the output', async () => {
  const result = await run('echo a; echo $B >&2; exit 3', { env: { ...process.env, B: 'b' } });
  assert.equal(result.exitCode, 3);
  assert.deepEqual(result.output.trim().split('\n').sort(), ['a', 'b']);
  assert.equal(result.problem, undefined);
});

test('interrupts a command when its output matches, after the work', async () => {
  const command = 'trap "echo interrupted; exit 0" INT; echo ready; while :; do sleep 0.05; done';
  const order = [];
  const { exitCode, output, problem } = await run(command, {
    until: /ready/,
    whileRunning: async () => void order.push('work'),
  });
  assert.deepEqual([exitCode, output, problem], [0, 'ready\ninterrupted\n', undefined]);
  assert.deepEqual(order, ['work']);
});

test('reports a command that ends too early', async () => {
  const { problem } = await run('echo a', { until: /ready/ });
  assert.match(problem, /has ended before it printed/);
});

test('terminates a command with its children after the time limit', async () => {
  const { exitCode, problem } = await run('sleep 60 | cat', { timeoutMs: 50 });
  assert.equal(exitCode, 143);
  assert.match(problem, /has not ended after 0\.05 s/);
});
