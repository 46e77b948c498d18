import { readFile } from 'node:fs/promises';
import { expect, test } from '@jest/globals';
import { z } from 'zod';
import { buildProgram } from './program.ts';

async function readJson<T>(url: string, schema: z.ZodType<T>): Promise<T> {
  return schema.parse(JSON.parse(await readFile(new URL(url, import.meta.url), 'utf8')));
}

test('every command has an Nx target that builds the migrator first', async () => {
  const output = { line: () => undefined, note: () => undefined, json: () => undefined, isTerminal: false };
  const program = buildProgram({ env: {}, output, listenForStop: () => new AbortController().signal });
  const names = program.commands.map((command) => command.name());

  const target = z.object({ command: z.string().optional() });
  const manifest = z.object({ nx: z.object({ targets: z.record(z.string(), target) }) });
  const { targets } = (await readJson('../package.json', manifest)).nx;
  expect(Object.fromEntries(names.map((name) => [name, targets[name]]))).toEqual(
    Object.fromEntries(names.map((name) => [name, { command: `node apps/migrator/dist/main.js ${name}` }])),
  );

  const workspace = z.object({ targetDefaults: z.record(z.string(), z.unknown()) });
  const { targetDefaults } = await readJson('../../../nx.json', workspace);
  expect(targetDefaults).toMatchObject({
    [`{cli,${names.join(',')}}`]: [{ filter: { projects: ['migrator'] }, dependsOn: ['build'] }],
  });
});
