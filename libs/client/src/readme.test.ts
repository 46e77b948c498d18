import { execFile } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { afterAll, beforeAll, expect, jest, test } from '@jest/globals';
import { type Consumer, documentedExamples, installInConsumer } from '@timer-platform/package-consumer';
import { startTimerService, type TimerServiceProcess } from '@timer-platform/test-support';
import { withTestDatabase } from '@timer-platform/test-support/jest';
import { EXIT_CODE } from './command-line/exit-codes.ts';

// Runs a compiler while the tests of other projects run.
jest.setTimeout(300_000);

const readme = readFileSync(new URL('../README.md', import.meta.url), 'utf8');
const examples = documentedExamples(readme, ['ts', 'js']).map((example, index) => ({
  ...example,
  file: example.language === 'ts' ? `example-${index}.mts` : `example-${index}.cjs`,
}));

let consumer: Consumer;
let service: TimerServiceProcess;
// Before the database is dropped, which the hooks of withTestDatabase do.
afterAll(async () => {
  await Promise.all([consumer.remove(), service.stop()]);
});
const database = withTestDatabase();
beforeAll(async () => {
  const external = ['zod', '@types/node', 'undici-types'];
  consumer = await installInConsumer({ libraries: ['callback-types', 'client'], external });
  const secret = `whsec_${Buffer.alloc(32, 'a').toString('base64')}`;
  service = await startTimerService({ databaseUrl: database.url, env: { SIGNING_SECRETS: secret } });
  process.env['TIMER_SECRETS'] = secret;
  process.env['TIMER_URL'] = service.url;
  process.env['TIMER_API_KEY'] = service.apiKey;
});

test('the examples compile', async () => {
  for (const { file, text } of examples) await consumer.write(file, text);
  const options = [
    '--module',
    'nodenext',
    '--target',
    'es2023',
    '--strict',
    '--types',
    'node',
    '--skipLibCheck',
  ];
  const files = examples.flatMap(({ file, language }) => (language === 'ts' ? [file] : []));
  expect(await consumer.tool('typescript/bin/tsc', ...options, ...files)).toEqual({ status: 0, output: '' });
});

test.each(examples)('the example prints what it says: $heading', async ({ file, prints }) => {
  expect(prints).not.toBe('');
  const run = await consumer.node(file.replace('.mts', '.mjs'));
  expect(run).toEqual({ status: 0, output: prints });
});

test('the commands work as pasted, one after the other', async () => {
  const [{ text } = { text: '' }] = documentedExamples(readme, ['sh']);
  expect(text.split('\n').length).toBeGreaterThan(5);
  const program = join(consumer.directory, 'node_modules/@timer-platform/client/dist/timer.cjs');
  const script = `set -e; timer() { "${process.execPath}" "${program}" "$@"; }\n${text}`;
  const { stdout } = await promisify(execFile)('bash', ['--norc', '-c', script], { env: process.env });
  expect(stdout).toContain('"key":"order-42"');
  expect(stdout).toContain('"status":"canceled"');
});

test('the table of exit codes is complete', () => {
  const documented = Array.from(readme.matchAll(/^\| (\d) +\|/gm), ([, code]) => Number(code));
  expect(documented).toEqual(Object.values(EXIT_CODE));
});
