import { readdirSync, readFileSync } from 'node:fs';
import { afterAll, beforeAll, describe, expect, jest, test } from '@jest/globals';
import { type Consumer, installInConsumer } from '../testing/consumer.ts';

// Compilers run here, beside the tests of other projects.
jest.setTimeout(600_000);

let consumer: Consumer;
beforeAll(async () => {
  consumer = await installInConsumer();
});
afterAll(async () => {
  await consumer.remove();
});

const SUCCESS = { status: 0, output: expect.any(String) };

describe('the packed package', () => {
  test('holds the build of every source and nothing stale, no test and no fixture', () => {
    const sources = readdirSync(new URL('./', import.meta.url)).filter(
      (name) => name.endsWith('.ts') && !name.endsWith('.test.ts'),
    );
    for (const format of ['dist/esm', 'dist/cjs']) {
      const modules = consumer.packed.filter((path) => path.startsWith(format) && path.endsWith('.js'));
      expect(modules.sort()).toEqual(sources.map((name) => `${format}/${name.replace('.ts', '.js')}`).sort());
    }
    expect(consumer.packed).toContain('schemas/create-timer-request.schema.json');
    expect(consumer.packed.filter((path) => /test|fixtures|buildinfo/.test(path))).toEqual([]);
  });

  test('has no issue that publint knows', async () => {
    expect(await consumer.tool('publint/src/cli.js', 'run', consumer.tarball, '--strict')).toEqual(SUCCESS);
  });

  test('has types that resolve in every way of resolving, as arethetypeswrong sees it', async () => {
    expect(await consumer.tool('@arethetypeswrong/cli/dist/index.js', consumer.tarball)).toEqual(SUCCESS);
  });
});

describe('a consumer', () => {
  const use = `
    const { url } = httpCallbackSchema.parse({ type: 'http', url: 'https://example.com/' });
    console.log(url, typeof schema.title);`;

  test('that is an ES module imports it, and its JSON Schemas', async () => {
    await consumer.write(
      'import.mjs',
      `import { httpCallbackSchema } from '@timer-platform/callback-types';
       import { createRequire } from 'node:module';
       const schema = createRequire(import.meta.url)('@timer-platform/callback-types/schemas/timer.schema.json');${use}`,
    );
    expect(await consumer.node('import.mjs')).toEqual({ status: 0, output: 'https://example.com/ string\n' });
  });

  test('that is CommonJS requires it, and its JSON Schemas', async () => {
    await consumer.write(
      'require.cjs',
      `const { httpCallbackSchema } = require('@timer-platform/callback-types');
       const schema = require('@timer-platform/callback-types/schemas/timer.schema.json');${use}`,
    );
    expect(await consumer.node('require.cjs')).toEqual({
      status: 0,
      output: 'https://example.com/ string\n',
    });
  });

  test('may have both forms in one process, although zod keeps one register of ids', async () => {
    await consumer.write(
      'both.mjs',
      `import { createRequire } from 'node:module';
       import { toJSONSchema } from 'zod';
       import { timerSchema } from '@timer-platform/callback-types';
       const twin = createRequire(import.meta.url)('@timer-platform/callback-types');
       const options = { unrepresentable: 'any' };
       console.log(
         twin.timerSchema !== timerSchema,
         JSON.stringify(toJSONSchema(twin.timerSchema, options)) === JSON.stringify(toJSONSchema(timerSchema, options)),
       );`,
    );
    expect(await consumer.node('both.mjs')).toEqual({ status: 0, output: 'true true\n' });
  });

  const TYPED = `
    import { matchCallback, storedCallbackConfigSchema, type CallbackConfig } from '@timer-platform/callback-types';
    export const kept: 'http' | 'nats' = storedCallbackConfigSchema.parse({}).type;
    export function size(given: CallbackConfig): number {
      return matchCallback(given, { http: ({ url }) => url.length, nats: ({ topic }) => topic.length });
    }
    // Control: were the types not found, these would compile and the two lines above them be errors.
    // @ts-expect-error no such type
    export const wrong: CallbackConfig = { type: 'smtp' };
    // @ts-expect-error a number is not a text
    export const text: string = size({ type: 'nats', topic: 'orders' });`;

  test.each([
    ['nodenext', 'nodenext', ['typed.mts', 'typed.cts']],
    ['esnext', 'bundler', ['typed.ts']],
  ])('has types with module %s, resolved by %s, in %j', async (module, moduleResolution, files) => {
    for (const file of files) await consumer.write(file, TYPED);
    await consumer.write('globals.d.ts', 'interface URL {}'); // the one global that zod's declarations name
    // Without --skipLibCheck, so that the declarations themselves have to compile; without DOM or Node.
    const strict = ['--strict', '--exactOptionalPropertyTypes', '--noEmit'];
    const options = [
      '--module',
      module,
      '--moduleResolution',
      moduleResolution,
      '--target',
      'es2022',
      ...strict,
    ];
    const check = await consumer.tool(
      'typescript/bin/tsc',
      ...options,
      '--lib',
      'es2022',
      'globals.d.ts',
      ...files,
    );
    expect(check).toEqual({ status: 0, output: '' });
  });
});

describe('the examples of the README', () => {
  const readme = readFileSync(new URL('../README.md', import.meta.url), 'utf8');
  const blocks = readme.matchAll(/^```(ts|js)\n(.*?)^```$/gms);
  const examples = Array.from(blocks, ([, language, text = ''], index) => ({
    heading: Array.from(
      readme.slice(0, readme.indexOf(text)).matchAll(/^## (.*)$/gm),
      ([, title]) => title,
    ).at(-1),
    file: language === 'ts' ? `example-${index}.mts` : `example-${index}.cjs`,
    text,
    prints: Array.from(text.matchAll(/\/\/ → (.*)$/gm), ([, line]) => `${line ?? ''}\n`).join(''),
  }));

  test('compile', async () => {
    const typed = examples.filter(({ file }) => file.endsWith('.mts'));
    for (const { file, text } of examples) await consumer.write(file, text);
    const options = ['--module', 'nodenext', '--target', 'es2022', '--lib', 'es2022,dom', '--skipLibCheck'];
    const compile = await consumer.tool('typescript/bin/tsc', ...options, ...typed.map(({ file }) => file));
    expect(compile).toEqual({ status: 0, output: '' });
    expect(typed.length).toBeGreaterThan(0);
    expect(typed.length).toBeLessThan(examples.length);
  });

  test.each(examples)('print what they say: $heading', async ({ file, prints }) => {
    expect(prints).not.toBe('');
    expect(await consumer.node(file.replace('.mts', '.mjs'))).toEqual({ status: 0, output: prints });
  });
});
