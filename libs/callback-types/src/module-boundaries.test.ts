import { spawn } from 'node:child_process';
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { text as readAll } from 'node:stream/consumers';
import { fileURLToPath } from 'node:url';
import { beforeAll, describe, expect, jest, test } from '@jest/globals';
import { z } from 'zod';

// The walls between the projects are lint rules, and a lint rule that is switched on may still check nothing: the one
// of Nx passes everything when it has no project graph. So every wall is run into here, by the real configuration, with
// texts that stand for files of the workspace and are never written; each beside a text that has to pass.

const BOUNDARY = '@nx/enforce-module-boundaries';
const IMPORT = '@typescript-eslint/no-restricted-imports';
const ENVIRONMENT = 'no-restricted-properties';
const CLOCK = 'no-restricted-syntax';

const CONTRACT = 'libs/callback-types/src/new.ts';
const DATABASE = 'libs/database/src/new.ts';
const MIGRATOR = 'apps/migrator/src/new.ts';
const SERVICE = 'apps/timer-service/src/new.ts';
const API = 'apps/timer-service/src/api/new.ts';
const DISPATCH = 'apps/timer-service/src/dispatch/new.ts';
const TRANSPORTS = 'apps/timer-service/src/transports/new.ts';

const from = (specifier: string) => `export * from '${specifier}';`;
const env = "export const home = process.env['HOME'];";

interface Case {
  readonly file: string;
  readonly text: string;
  /** The rules that refuse the text; none: it passes. */
  readonly rules: readonly string[];
}
const refused = (file: string, text: string, ...rules: string[]): Case => ({ file, text, rules });
const passes = (file: string, text: string): Case => ({ file, text, rules: [] });

const cases: readonly Case[] = [
  // The contract imports zod and nothing else.
  passes(CONTRACT, from('zod')),
  refused(CONTRACT, from('@timer-platform/database'), BOUNDARY),
  refused(CONTRACT, from('../../database/src/index.ts'), BOUNDARY),
  refused(CONTRACT, from('pg'), BOUNDARY, BOUNDARY),
  refused(CONTRACT, from('fast-check'), BOUNDARY),
  passes('libs/callback-types/src/new.test.ts', from('fast-check')),
  refused('libs/callback-types/src/new.test.ts', from('@timer-platform/database'), BOUNDARY),
  // The database library knows the contract, and no application.
  passes(DATABASE, from('@timer-platform/callback-types') + from('pg') + from('kysely')),
  refused(DATABASE, from('@timer-platform/timer-service'), BOUNDARY),
  refused(DATABASE, from('../../../apps/timer-service/src/clock.ts'), BOUNDARY),
  refused(DATABASE, from('nats'), BOUNDARY, BOUNDARY, IMPORT),
  // Applications know the libraries, not each other; SQL stays behind the database library.
  passes(SERVICE, from('@timer-platform/callback-types') + from('@timer-platform/database') + from('undici')),
  refused(SERVICE, from('pg'), BOUNDARY, BOUNDARY),
  refused(SERVICE, from('kysely'), BOUNDARY, BOUNDARY),
  refused(SERVICE, from('@timer-platform/migrator'), BOUNDARY),
  refused(SERVICE, from('../../migrator/src/config.ts'), BOUNDARY),
  refused(SERVICE, from('light-my-request'), BOUNDARY), // there because Fastify needs it, but declared nowhere
  passes(MIGRATOR, from('@timer-platform/database') + from('pg')),
  refused(MIGRATOR, from('undici'), BOUNDARY, BOUNDARY),
  // NATS is spoken in one folder.
  passes(TRANSPORTS, from('nats')),
  passes('apps/timer-service/src/new.test.ts', from('nats')),
  refused(SERVICE, from('nats'), IMPORT),
  refused(API, from('nats'), IMPORT),
  refused(DISPATCH, from('nats'), IMPORT),
  // api and dispatch never meet; transports know neither.
  passes(API, from('@timer-platform/database') + from('./dispatch.ts')),
  refused(API, from('../dispatch/next-step.ts'), IMPORT),
  refused('apps/timer-service/src/api/deeper/new.ts', from('../../dispatch/next-step.ts'), IMPORT),
  passes(DISPATCH, from('../transports/transport.ts') + from('@timer-platform/database')),
  refused(DISPATCH, from('../api/answer-errors.ts'), IMPORT),
  refused(TRANSPORTS, from('../dispatch/next-step.ts'), IMPORT),
  refused(TRANSPORTS, from('../api/answer-errors.ts'), IMPORT),
  refused(TRANSPORTS, from('@timer-platform/database'), IMPORT),
  // Test support stays out of products.
  passes('apps/timer-service/src/new.test.ts', from('@timer-platform/test-support')),
  ...[SERVICE, API, DISPATCH, MIGRATOR].map((file) =>
    refused(file, from('@timer-platform/test-support'), BOUNDARY),
  ),
  // The environment is read in config.ts, and handed to it by main.ts.
  ...['config.ts', 'main.ts', 'new.test.ts'].map((name) => passes(`apps/timer-service/src/${name}`, env)),
  ...[CONTRACT, DATABASE, MIGRATOR, SERVICE, API, 'apps/timer-service/src/clock.ts'].map((file) =>
    refused(file, env, ENVIRONMENT),
  ),
  refused(SERVICE, "export { env } from 'node:process';", IMPORT),
  // The time is asked for in clock.ts; an instant may be made anywhere.
  passes('apps/timer-service/src/clock.ts', 'export const now = [Date.now(), new Date()];'),
  passes(DISPATCH, 'export const epoch = new Date(0);'),
  ...[SERVICE, API, DISPATCH, TRANSPORTS, 'apps/timer-service/src/config.ts'].map((file) =>
    refused(file, 'export const now = [Date.now(), new Date(), Date()];', CLOCK, CLOCK, CLOCK),
  ),
  // Output is for the log.
  refused(SERVICE, "console.log('a');", 'no-console'),
];

const WORKSPACE = fileURLToPath(new URL('../../../', import.meta.url));

/** Runs a script of the workspace, for what it writes to standard output. @throws when it fails. */
async function runScript(parameters: readonly string[], input: string): Promise<string> {
  const child = spawn(process.execPath, parameters, { cwd: WORKSPACE, stdio: ['pipe', 'pipe', 'pipe'] });
  child.stdin.end(input);
  const exited = new Promise<number | null>((resolve, reject) => {
    child.once('error', reject).once('close', resolve);
  });
  const [output, errors, status] = await Promise.all([readAll(child.stdout), readAll(child.stderr), exited]);
  if (status !== 0)
    throw new Error(`${parameters.join(' ')} ended with ${status ?? 'a signal'}: ${output}${errors}`);
  return output;
}

/** The project graph, computed anew; Nx keeps it where the lint rule looks for it. */
async function projectGraph(): Promise<Map<string, string[]>> {
  const directory = await mkdtemp(join(tmpdir(), 'project-graph-'));
  try {
    const file = join(directory, 'graph.json');
    await runScript(['node_modules/nx/dist/bin/nx.js', 'graph', `--file=${file}`], '');
    const { graph } = z
      .object({
        graph: z.object({ dependencies: z.record(z.string(), z.array(z.object({ target: z.string() }))) }),
      })
      .parse(JSON.parse(await readFile(file, 'utf8')));
    return new Map(
      Object.entries(graph.dependencies).map(([project, edges]) => [
        project,
        edges.map(({ target }) => target),
      ]),
    );
  } finally {
    await rm(directory, { recursive: true, force: true });
  }
}

/** Names of projects that reach themselves. */
function projectsInCycles(graph: ReadonlyMap<string, readonly string[]>): string[] {
  const reaches = (start: string): Set<string> => {
    const reached = new Set<string>();
    const open = [...(graph.get(start) ?? [])];
    for (let project = open.pop(); project !== undefined; project = open.pop()) {
      if (reached.has(project)) continue;
      reached.add(project);
      open.push(...(graph.get(project) ?? []));
    }
    return reached;
  };
  return [...graph.keys()].filter((project) => reaches(project).has(project));
}

jest.setTimeout(600_000);

let graph: ReadonlyMap<string, readonly string[]>;
let found: readonly (readonly { readonly ruleId: string | null; readonly message: string }[])[];
beforeAll(async () => {
  graph = await projectGraph();
  const output = await runScript(['libs/callback-types/testing/lint-texts.mjs'], JSON.stringify(cases));
  // Without the graph the rule of Nx says so, on standard output, and passes everything.
  expect(output).not.toContain('No cached ProjectGraph');
  found = z
    .array(z.array(z.object({ ruleId: z.string().nullable(), message: z.string() })))
    .parse(JSON.parse(output));
});

describe('the project graph', () => {
  test('has no cycle', () => {
    expect(projectsInCycles(graph)).toEqual([]);
    expect(
      projectsInCycles(
        new Map([
          ['a', ['b']],
          ['b', ['a']],
          ['c', ['a']],
        ]),
      ),
    ).toEqual(['a', 'b']);
  });

  test('has the contract at its root', () => {
    expect(graph.get('callback-types')).toEqual([]);
    expect([...(graph.get('database') ?? [])].sort()).toEqual(['callback-types', 'test-support']);
  });
});

test.each(
  cases.map((given, index) => ({ ...given, index, verb: given.rules.length > 0 ? 'refuses' : 'passes' })),
)('lint $verb $file: $text', ({ index, rules }) => {
  const ruleIds = found[index]?.map(({ ruleId }) => ruleId);
  expect(ruleIds?.sort()).toEqual([...rules].sort());
});
