import { readdirSync, readFileSync } from 'node:fs';
import { afterAll, beforeAll, describe, expect, jest, test } from '@jest/globals';
import { type Consumer, installInConsumer } from '../testing/consumer.ts';

// Runs compilers while the tests of other projects run.
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
  test('contains the build of every source, no stale files, tests or fixtures', () => {
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

  test('passes publint', async () => {
    expect(await consumer.tool('publint/src/cli.js', 'run', consumer.tarball, '--strict')).toEqual(SUCCESS);
  });

  test('passes arethetypeswrong: types resolve in every resolution mode', async () => {
    expect(await consumer.tool('@arethetypeswrong/cli/dist/index.js', consumer.tarball)).toEqual(SUCCESS);
  });
});

describe('a consumer of the package', () => {
  const use = `
    const { url } = httpCallbackSchema.parse({ type: 'http', url: 'https://example.com/' });
    console.log(url, typeof schema.title);`;

  test('imports it and its JSON Schemas as an ES module', async () => {
    await consumer.write(
      'import.mjs',
      `import { httpCallbackSchema } from '@timer-platform/callback-types';
       import { createRequire } from 'node:module';
       const schema = createRequire(import.meta.url)('@timer-platform/callback-types/schemas/timer.schema.json');${use}`,
    );
    expect(await consumer.node('import.mjs')).toEqual({ status: 0, output: 'https://example.com/ string\n' });
  });

  test('requires it and its JSON Schemas as CommonJS', async () => {
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

  test('can load both formats in one process, although zod has one registry of ids', async () => {
    await consumer.write(
      'both.mjs',
      `import { createRequire } from 'node:module';
       import { toJSONSchema } from 'zod';
       import { timerSchema } from '@timer-platform/callback-types';
       const commonjs = createRequire(import.meta.url)('@timer-platform/callback-types');
       const options = { unrepresentable: 'any' };
       console.log(
         commonjs.timerSchema !== timerSchema,
         JSON.stringify(toJSONSchema(commonjs.timerSchema, options)) === JSON.stringify(toJSONSchema(timerSchema, options)),
       );`,
    );
    expect(await consumer.node('both.mjs')).toEqual({ status: 0, output: 'true true\n' });
  });

  const TYPED = `
    import { matchCallback, storedCallbackConfigSchema, type CallbackConfig, type CallbackType } from '@timer-platform/callback-types';
    export const type: CallbackType = storedCallbackConfigSchema.parse({}).type;
    export function size(callback: CallbackConfig): number {
      return matchCallback(callback, { http: ({ url }) => url.length, nats: ({ topic }) => topic.length });
    }
    // Control: if the types were not found, these lines would compile and the unused directives would be errors.
    // @ts-expect-error no such type
    export const wrong: CallbackConfig = { type: 'smtp' };
    // @ts-expect-error a number is not a string
    export const text: string = size({ type: 'nats', topic: 'orders' });`;

  test.each([
    ['nodenext', 'nodenext', ['typed.mts', 'typed.cts']],
    ['esnext', 'bundler', ['typed.ts']],
  ])('compiles with module %s and moduleResolution %s: %j', async (module, moduleResolution, files) => {
    for (const file of files) await consumer.write(file, TYPED);
    await consumer.write('globals.d.ts', 'interface URL {}'); // the only global in zod's declarations
    // Without --skipLibCheck, to compile the declarations as well; without the types of DOM or Node.js.
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

  test.each(examples)('print the documented output: $heading', async ({ file, prints }) => {
    expect(prints).not.toBe('');
    expect(await consumer.node(file.replace('.mts', '.mjs'))).toEqual({ status: 0, output: prints });
  });
});
