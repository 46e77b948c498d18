import { existsSync, readFileSync } from 'node:fs';
import { afterAll, beforeAll, describe, expect, jest, test } from '@jest/globals';
import {
  compile,
  type Consumer,
  installInConsumer,
  MODULE_MODES,
  typescriptCompilers,
} from '@timer-platform/package-consumer';
import { z } from 'zod';

// Runs compilers while the tests of other projects run.
jest.setTimeout(600_000);

const NAME = '@timer-platform/client';
const SUCCESS = { status: 0, output: expect.any(String) };

const manifest = z
  .looseObject({
    exports: z.record(z.string(), z.unknown()),
    bin: z.record(z.string(), z.string()).optional(),
  })
  .parse(JSON.parse(readFileSync(new URL('../package.json', import.meta.url), 'utf8')));
/** What a program may import. */
const entries = Object.keys(manifest.exports)
  .filter((entry) => !entry.endsWith('.json'))
  .map((entry) => entry.replace('.', NAME));

const { installed, missing } = await typescriptCompilers();

let consumer: Consumer;
beforeAll(async () => {
  // The contract needs zod; the types of Node.js are for the adapters.
  const external = ['zod', '@types/node', 'undici-types'];
  consumer = await installInConsumer({ libraries: ['client', 'callback-types'], external });
});
afterAll(async () => {
  await consumer.remove();
});

describe('the packed package', () => {
  test('contains both builds and its programs, no sources, tests or what only tests use', () => {
    const files = consumer.packages[0]?.files ?? [];
    expect(files).toEqual(expect.arrayContaining(['dist/esm/index.js', 'dist/cjs/index.js']));
    for (const program of Object.values(manifest.bin ?? {}))
      expect(files).toContain(program.replace('./', ''));
    expect(files.filter((file) => /\.test\.|testing\/|buildinfo|^src\/|\.map$/.test(file))).toEqual([]);
  });

  test('depends on the contract and nothing else', () => {
    const { dependencies, peerDependencies, optionalDependencies } = consumer.packages[0]?.manifest ?? {};
    const all = { ...dependencies, ...peerDependencies, ...optionalDependencies };
    expect(Object.keys(all)).toEqual(['@timer-platform/callback-types']);
  });

  test('is no larger than it was, with a tenth to spare', () => {
    const { packedBytes = Infinity, unpackedBytes = Infinity } = consumer.packages[0] ?? {};
    expect(packedBytes).toBeLessThan(165_000);
    expect(unpackedBytes).toBeLessThan(720_000);
  });

  test('passes publint', async () => {
    const tarball = consumer.packages[0]?.tarball ?? '';
    expect(await consumer.tool('publint/src/cli.js', 'run', tarball, '--strict')).toEqual(SUCCESS);
  });

  test('passes arethetypeswrong where subpaths can be resolved at all', async () => {
    const tarball = consumer.packages[0]?.tarball ?? '';
    const attw = '@arethetypeswrong/cli/dist/index.js';
    expect(await consumer.tool(attw, tarball, '--profile', 'node16')).toEqual(SUCCESS);
  });
});

describe('a consumer of the package', () => {
  test('imports every entry as an ES module, without the libraries that the adapters are for', async () => {
    const lines = entries.map(
      (entry) => `console.log(Object.keys(await import(${JSON.stringify(entry)})).length > 0);`,
    );
    await consumer.write('import.mjs', lines.join('\n'));
    expect(await consumer.node('import.mjs')).toEqual({ status: 0, output: 'true\n'.repeat(entries.length) });
  });

  test('requires every entry as CommonJS', async () => {
    const lines = entries.map(
      (entry) => `console.log(Object.keys(require(${JSON.stringify(entry)})).length > 0);`,
    );
    await consumer.write('require.cjs', lines.join('\n'));
    expect(await consumer.node('require.cjs')).toEqual({
      status: 0,
      output: 'true\n'.repeat(entries.length),
    });
  });

  test('runs the programs', async () => {
    for (const program of Object.values(manifest.bin ?? {})) {
      const file = `${consumer.directory}/node_modules/${NAME}/${program}`;
      expect(existsSync(file)).toBe(true);
      expect(await consumer.node(file, '--help')).toEqual({
        status: 0,
        output: expect.stringContaining('Usage'),
      });
    }
  });

  test('checks files of schedules with the schemas of the dependency', async () => {
    await consumer.write('schedules.yaml', 'schedules:\n  daily: { cron: "@daily", colour: red }\n');
    const program = `${consumer.directory}/node_modules/${NAME}/dist/timer.cjs`;
    expect(await consumer.node(program, 'schedules', 'apply', 'schedules.yaml')).toEqual({
      status: 2,
      output: expect.stringContaining('schedules.yaml:2: schedules.daily.colour: unknown field'),
    });
  });

  const TYPED = `
    import { createClient, defineCallback, TimerError } from '${NAME}';
    ${entries
      .slice(1)
      .map((entry, index) => `import * as entry${index} from '${entry}'; void entry${index};`)
      .join('\n    ')}
    import { z } from 'zod';

    const paymentDue = defineCallback('payment-due', z.object({ order: z.number() }), {
      type: 'http',
      url: 'https://shop.example/payments',
    });
    const client = createClient({ url: 'https://timers.example', apiKey: 'a-key' });

    export async function remind(order: number): Promise<string> {
      const timer = await client.create(paymentDue, { order }, { delay: '3d' });
      const number: number = (await paymentDue.parse({ order })).order;
      return timer.id + number;
    }
    export const isLate = (error: unknown): boolean => error instanceof TimerError && error.reason === 'not_pending';

    // Control: if the types were not found, these lines would compile and the unused directives would be errors.
    // @ts-expect-error the payload has no order
    void client.create(paymentDue, {}, { delay: '3d' });
    // @ts-expect-error the order is a number
    paymentDue.to({ order: '42' });
    // @ts-expect-error a Date is no JSON
    defineCallback('with-date', z.object({ at: z.date() }), { type: 'http', url: 'https://shop.example/' });
    // @ts-expect-error a callback has a URL or a topic
    void client.create({ delay: '3d', callback: { type: 'http' } });`;

  describe.each(installed)('with TypeScript $version', (compiler) => {
    test.each(MODULE_MODES)('compiles with moduleResolution $moduleResolution', async (mode) => {
      const check = await compile(consumer, {
        compiler,
        mode,
        text: TYPED,
        types: ['node'],
      });
      expect(check).toEqual({ status: 0, output: '' });
    });
  });

  if (missing.length > 0)
    // eslint-disable-next-line jest/no-disabled-tests, jest/expect-expect -- it only says what was not tried
    test.skip.each(missing)('TypeScript %s is not tried: npm cannot install it', () => undefined);
});
