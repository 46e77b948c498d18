import { readdirSync, readFileSync } from 'node:fs';
import { afterAll, beforeAll, describe, expect, jest, test } from '@jest/globals';
import {
  compile,
  type Consumer,
  documentedExamples,
  installInConsumer,
  MODULE_MODES,
  typescriptCompilers,
} from '@timer-platform/package-consumer';

// Runs compilers while the tests of other projects run.
jest.setTimeout(600_000);

const { installed, missing } = await typescriptCompilers();

let consumer: Consumer;
beforeAll(async () => {
  consumer = await installInConsumer({ libraries: ['callback-types'], external: ['zod'] });
});
afterAll(async () => {
  await consumer.remove();
});

const SUCCESS = { status: 0, output: expect.any(String) };

describe('the packed package', () => {
  test('contains the build of every source, schemas and fixtures, no stale files, sources or tests', () => {
    const packed = consumer.packages[0]?.files ?? [];
    const sources = readdirSync(new URL('./', import.meta.url)).filter(
      (name) => name.endsWith('.ts') && !name.endsWith('.test.ts'),
    );
    for (const format of ['dist/esm', 'dist/cjs']) {
      const modules = packed.filter((path) => path.startsWith(format) && path.endsWith('.js'));
      expect(modules.sort()).toEqual(sources.map((name) => `${format}/${name.replace('.ts', '.js')}`).sort());
    }
    expect(packed).toEqual(
      expect.arrayContaining(['schemas/create-timer-request.schema.json', 'fixtures/signatures.json']),
    );
    expect(packed.filter((path) => /test|buildinfo|^src\/|\.map$/.test(path))).toEqual([]);
  });

  test('depends on zod and nothing else', () => {
    const {
      dependencies = {},
      peerDependencies = {},
      optionalDependencies,
    } = consumer.packages[0]?.manifest ?? {};
    expect(Object.keys({ ...dependencies, ...peerDependencies, ...optionalDependencies })).toEqual(['zod']);
  });

  test('is no larger than it was, with a tenth to spare', () => {
    const { packedBytes = Infinity, unpackedBytes = Infinity } = consumer.packages[0] ?? {};
    expect(packedBytes).toBeLessThan(109_000);
    expect(unpackedBytes).toBeLessThan(923_000);
  });

  test('passes publint', async () => {
    const tarball = consumer.packages[0]?.tarball ?? '';
    expect(await consumer.tool('publint/src/cli.js', 'run', tarball, '--strict')).toEqual(SUCCESS);
  });

  test('passes arethetypeswrong: types resolve in every resolution mode', async () => {
    const tarball = consumer.packages[0]?.tarball ?? '';
    expect(await consumer.tool('@arethetypeswrong/cli/dist/index.js', tarball)).toEqual(SUCCESS);
  });
});

describe('a consumer of the package', () => {
  const use = `
    const { url } = httpCallbackSchema.parse({ type: 'http', url: 'https://example.com/' });
    console.log(url, typeof schema.title, fixtures.length > 0);`;

  test('imports it, its JSON Schemas and its fixtures as an ES module', async () => {
    await consumer.write(
      'import.mjs',
      `import { httpCallbackSchema } from '@timer-platform/callback-types';
       import { createRequire } from 'node:module';
       const require = createRequire(import.meta.url);
       const schema = require('@timer-platform/callback-types/schemas/timer.schema.json');
       const fixtures = require('@timer-platform/callback-types/fixtures/signatures.json');${use}`,
    );
    expect(await consumer.node('import.mjs')).toEqual({
      status: 0,
      output: 'https://example.com/ string true\n',
    });
  });

  test('requires it, its JSON Schemas and its fixtures as CommonJS', async () => {
    await consumer.write(
      'require.cjs',
      `const { httpCallbackSchema } = require('@timer-platform/callback-types');
       const schema = require('@timer-platform/callback-types/schemas/timer.schema.json');
       const fixtures = require('@timer-platform/callback-types/fixtures/signatures.json');${use}`,
    );
    expect(await consumer.node('require.cjs')).toEqual({
      status: 0,
      output: 'https://example.com/ string true\n',
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

  describe.each(installed)('with TypeScript $version', (compiler) => {
    test.each(MODULE_MODES)('compiles with moduleResolution $moduleResolution', async (mode) => {
      const check = await compile(consumer, {
        compiler,
        mode,
        text: TYPED,
        // The only global in the declarations of zod.
        globals: 'interface URL {}',
      });
      expect(check).toEqual({ status: 0, output: '' });
    });
  });

  if (missing.length > 0)
    // eslint-disable-next-line jest/no-disabled-tests, jest/expect-expect -- it only says what was not tried
    test.skip.each(missing)('TypeScript %s is not tried: npm cannot install it', () => undefined);
});

describe('the examples of the README', () => {
  const readme = readFileSync(new URL('../README.md', import.meta.url), 'utf8');
  const examples = documentedExamples(readme, ['ts', 'js']).map((example, index) => ({
    ...example,
    file: example.language === 'ts' ? `example-${index}.mts` : `example-${index}.cjs`,
  }));

  test('compile', async () => {
    const typed = examples.filter(({ language }) => language === 'ts');
    for (const { file, text } of examples) await consumer.write(file, text);
    const options = ['--module', 'nodenext', '--target', 'es2022', '--lib', 'es2022,dom', '--skipLibCheck'];
    const files = typed.map(({ file }) => file);
    const check = await consumer.tool('typescript/bin/tsc', ...options, ...files);
    expect(check).toEqual({ status: 0, output: '' });
    expect(typed.length).toBeGreaterThan(0);
    expect(typed.length).toBeLessThan(examples.length);
  });

  test.each(examples)('print the documented output: $heading', async ({ file, prints }) => {
    expect(prints).not.toBe('');
    expect(await consumer.node(file.replace('.mts', '.mjs'))).toEqual({ status: 0, output: prints });
  });
});
