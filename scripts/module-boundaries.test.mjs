/**
 * Boundaries between projects and folders are lint rules. A rule that is enabled may still check nothing: the rule of Nx
 * accepts everything if it has no project graph. So each case lints code that crosses a boundary, as a file that does
 * not exist, with the configuration of the workspace, and beside it code that must pass.
 */
import assert from 'node:assert/strict';
import path from 'node:path';
import { before, describe, test } from 'node:test';
import { ESLint } from 'eslint';
import tseslint from 'typescript-eslint';
import { computeProjectGraph } from './project-graph.mjs';
import { workspaceRoot } from './workspace.mjs';

const BOUNDARY = '@nx/enforce-module-boundaries';
const IMPORT = '@typescript-eslint/no-restricted-imports';
const ENVIRONMENT = 'no-restricted-properties';
const NONDETERMINISM = 'no-restricted-syntax';
const CONSOLE = 'no-console';
const RULES = new Set([BOUNDARY, IMPORT, ENVIRONMENT, NONDETERMINISM, CONSOLE]);

const PAGES = 'apps/console/src/new.tsx';
const CONTRACT = 'libs/callback-types/src/new.ts';
const CLIENT = 'libs/client/src/new.ts';
const TEST_KIT = 'libs/test-kit/src/new.ts';
const COMMAND_LINE = 'libs/command-line/src/new.ts';
const DATABASE = 'libs/database/src/new.ts';
const MIGRATIONS = 'libs/migrations/src/new.ts';
const MIGRATOR = 'apps/migrator/src/new.ts';
const SERVICE = 'apps/timer-service/src/new.ts';
const API = 'apps/timer-service/src/api/new.ts';
const DISPATCH = 'apps/timer-service/src/dispatch/new.ts';
const MATERIALIZE = 'apps/timer-service/src/materialize/new.ts';
const SCHEDULES = 'apps/timer-service/src/schedules/new.ts';
const TRANSPORTS = 'apps/timer-service/src/transports/new.ts';

const from = (...specifiers) => specifiers.map((specifier) => `export * from '${specifier}';`).join(' ');
const env = "export const home = process.env['HOME'];";

const refused = (file, code, ...rules) => ({ file, code, rules });
const passes = (file, code) => ({ file, code, rules: [] });

const CASES = {
  'the contract imports zod and nothing else': [
    passes(CONTRACT, from('zod')),
    refused(CONTRACT, from('@timer-platform/database'), BOUNDARY),
    refused(CONTRACT, from('../../database/src/index.ts'), BOUNDARY),
    refused(CONTRACT, from('pg'), BOUNDARY, BOUNDARY),
    refused(CONTRACT, from('fast-check'), BOUNDARY),
    passes('libs/callback-types/src/new.test.ts', from('fast-check')),
    refused('libs/callback-types/src/new.test.ts', from('@timer-platform/database'), BOUNDARY),
  ],
  'the client imports the contract and nothing else of the workspace': [
    passes(CLIENT, from('@timer-platform/callback-types')),
    refused(CLIENT, from('@timer-platform/database'), BOUNDARY),
    refused(CLIENT, from('@timer-platform/timer-service'), BOUNDARY),
    refused(CLIENT, from('pg'), BOUNDARY),
    refused(CLIENT, from('nats'), BOUNDARY, IMPORT),
  ],
  'the data libraries know the contract and no application': [
    passes(DATABASE, from('@timer-platform/callback-types', 'pg', 'kysely')),
    passes(MIGRATIONS, from('pg', 'kysely')),
    refused(DATABASE, from('@timer-platform/timer-service'), BOUNDARY),
    refused(DATABASE, from('../../../apps/timer-service/src/clock.ts'), BOUNDARY),
    refused(DATABASE, from('nats'), BOUNDARY, BOUNDARY, IMPORT),
  ],
  'the command-line library imports commander and no project; the service does not import it': [
    passes(COMMAND_LINE, from('commander')),
    refused(COMMAND_LINE, from('@timer-platform/database'), BOUNDARY),
    refused(COMMAND_LINE, from('pg'), BOUNDARY, BOUNDARY),
    passes(MIGRATOR, from('@timer-platform/command-line')),
    refused(SERVICE, from('@timer-platform/command-line'), BOUNDARY),
    refused(DATABASE, from('@timer-platform/command-line'), BOUNDARY),
  ],
  'applications know the libraries and not each other; SQL stays behind the database library': [
    passes(SERVICE, from('@timer-platform/callback-types', '@timer-platform/database', 'fastify')),
    refused(SERVICE, from('pg'), BOUNDARY, BOUNDARY),
    refused(SERVICE, from('kysely'), BOUNDARY, BOUNDARY),
    // Of the benchmarks.
    refused(SERVICE, from('undici'), BOUNDARY),
    refused(SERVICE, from('@timer-platform/migrator'), BOUNDARY),
    refused(SERVICE, from('../../migrator/src/config.ts'), BOUNDARY),
    // A dependency of Fastify that no project declares.
    refused(SERVICE, from('light-my-request'), BOUNDARY),
    passes(MIGRATOR, from('@timer-platform/database', 'pg')),
    refused(MIGRATOR, from('undici'), BOUNDARY, BOUNDARY),
  ],
  'the console knows the types of the contract': [
    passes(PAGES, "export type { Timer } from '@timer-platform/callback-types'; export * from 'react';"),
    refused(PAGES, from('@timer-platform/callback-types'), IMPORT),
    refused(PAGES, from('@timer-platform/client'), BOUNDARY, IMPORT),
    refused(PAGES, from('@timer-platform/test-support'), BOUNDARY, IMPORT),
    refused(PAGES, from('playwright-core'), BOUNDARY),
    passes('apps/console/src/testing/new.ts', from('@timer-platform/test-support', 'playwright-core')),
    refused(SERVICE, from('@timer-platform/console'), BOUNDARY),
  ],
  'NATS is used in one folder': [
    passes(TRANSPORTS, from('nats')),
    passes('apps/timer-service/src/new.test.ts', from('nats')),
    refused(SERVICE, from('nats'), IMPORT),
    refused(API, from('nats'), IMPORT),
    refused(DISPATCH, from('nats'), IMPORT),
  ],
  'the test kit embeds the service; products do not import it': [
    passes(TEST_KIT, from('@timer-platform/timer-service', '@timer-platform/client', 'pg')),
    refused(TEST_KIT, from('@timer-platform/test-support'), BOUNDARY),
    refused(TEST_KIT, from('nats'), IMPORT),
    passes('libs/test-kit/src/engine/nats-catcher.ts', from('nats')),
    refused(SERVICE, from('@timer-platform/test-kit'), BOUNDARY),
    refused(CLIENT, from('@timer-platform/test-kit'), BOUNDARY),
  ],
  'api and dispatch share no code, transports know neither': [
    passes(API, from('@timer-platform/database', './dispatch.ts')),
    refused(API, from('../dispatch/settle/next-step.ts'), IMPORT),
    refused('apps/timer-service/src/api/routes/new.ts', from('../../dispatch/settle/next-step.ts'), IMPORT),
    passes(DISPATCH, from('../transports/transport.ts', '@timer-platform/database')),
    refused(DISPATCH, from('../api/http/api-error.ts'), IMPORT),
    refused(TRANSPORTS, from('../dispatch/settle/next-step.ts'), IMPORT),
    refused(TRANSPORTS, from('../api/http/api-error.ts'), IMPORT),
    refused(TRANSPORTS, from('@timer-platform/database'), IMPORT),
  ],
  'materialize shares no code with api and dispatch; what it decides by is pure': [
    passes(MATERIALIZE, from('../schedules/plan-occurrences.ts', '@timer-platform/database')),
    passes(API, from('../schedules/recurrence/index.ts')),
    refused(MATERIALIZE, from('../dispatch/observer.ts'), IMPORT),
    refused(MATERIALIZE, from('../api/http/api-error.ts'), IMPORT),
    refused(API, from('../materialize/materializer.ts'), IMPORT),
    refused(DISPATCH, from('../materialize/materializer.ts'), IMPORT),
    refused(SCHEDULES, from('../materialize/materializer.ts'), IMPORT),
    refused(SCHEDULES, from('../api/http/api-error.ts'), IMPORT),
  ],
  'test support stays out of products': [
    passes('apps/timer-service/src/new.test.ts', from('@timer-platform/test-support')),
    ...[SERVICE, API, DISPATCH, MIGRATOR, DATABASE].map((file) =>
      refused(file, from('@timer-platform/test-support'), BOUNDARY),
    ),
    passes('libs/callback-types/src/new.test.ts', from('@timer-platform/package-consumer')),
    passes('libs/client/src/new.test.ts', from('@timer-platform/package-consumer')),
    refused(CONTRACT, from('@timer-platform/package-consumer'), BOUNDARY),
    refused('libs/callback-types/src/new.test.ts', from('@timer-platform/test-support'), BOUNDARY),
  ],
  'the environment is read in config.ts, and passed to it by main.ts': [
    ...['config.ts', 'main.ts', 'new.test.ts'].map((name) => passes(`apps/timer-service/src/${name}`, env)),
    ...[CONTRACT, DATABASE, MIGRATOR, SERVICE, API, 'apps/timer-service/src/clock.ts'].map((file) =>
      refused(file, env, ENVIRONMENT),
    ),
    refused(SERVICE, "export { env } from 'node:process';", IMPORT),
  ],
  'time and randomness are parameters': [
    passes('apps/timer-service/src/clock.ts', 'export const now = [Date.now(), new Date()];'),
    passes(DISPATCH, 'export const epoch = new Date(0);'),
    ...[SERVICE, API, DISPATCH, TRANSPORTS, DATABASE, MIGRATOR].map((file) =>
      refused(
        file,
        'export const now = [Date.now(), new Date(), Date(), Math.random()];',
        ...Array(4).fill(NONDETERMINISM),
      ),
    ),
  ],
  'output goes through the logger': [refused(SERVICE, "console.log('a');", CONSOLE)],
};

let graph;
let eslint;
before(async () => {
  const { dependencies } = await computeProjectGraph();
  graph = new Map(
    Object.entries(dependencies).map(([project, edges]) => [project, edges.map(({ target }) => target)]),
  );
  eslint = new ESLint({ cwd: workspaceRoot, overrideConfig: tseslint.configs.disableTypeChecked });
});

test('the project graph has the contract and the embedded server at its root', () => {
  assert.deepEqual(graph.get('callback-types'), ['package-consumer']);
  assert.deepEqual(graph.get('package-consumer'), []);
  assert.deepEqual(graph.get('command-line'), []);
  assert.deepEqual(graph.get('embedded-postgres'), []);
});

for (const [title, cases] of Object.entries(CASES))
  describe(title, () => {
    for (const { file, code, rules } of cases)
      test(`lint ${rules.length > 0 ? 'refuses' : 'passes'} ${file}: ${code}`, async () => {
        const [result] = await eslint.lintText(code, { filePath: path.join(workspaceRoot, file) });
        const found = result.messages.map(({ ruleId }) => ruleId).filter((ruleId) => RULES.has(ruleId));
        assert.deepEqual(found.sort(), [...rules].sort());
      });
  });
