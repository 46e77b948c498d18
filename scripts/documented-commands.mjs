/**
 * Runs the commands that the documents show, in this workspace, and prints one line for each. Takes about half an hour.
 *
 *     node scripts/documented-commands.mjs [--only <text>] [--list]
 *
 * Every command runs as printed unless command-scenarios.mjs has another form, for example with smaller values.
 * Databases are temporary and below .timer/. The working tree must be clean, and is clean afterwards.
 */
import { readFileSync } from 'node:fs';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { commandsOf, SCENARIOS } from './command-scenarios.mjs';
import { findCommands, listDocuments } from './documents.mjs';
import { ensureDependencies } from './ensure-dependencies.mjs';
import { ensureTools } from './ensure-tools.mjs';
import { git, ScenarioRunner } from './scenario-runner.mjs';
import { workspaceRoot } from './workspace.mjs';

/** Commands in the order of the documents. CHANGELOG.md also names those of earlier versions. */
export function documentedCommands() {
  const documents = listDocuments().filter((document) => document !== 'CHANGELOG.md');
  const found = documents.map((document) =>
    findCommands(readFileSync(path.join(workspaceRoot, document), 'utf8')),
  );
  return [...new Set(found.flat())];
}

/** What the steps need from the TypeScript sources. tsx loads them once the dependencies are installed. */
async function loadTools() {
  const { tsImport } = await import('tsx/esm/api');
  const load = (file) => tsImport(file, import.meta.url);
  const { findFreePort, openEmbeddedPostgres } = await load('../libs/embedded-postgres/src/index.ts');
  const { runPsql } = await load('../libs/test-support/src/run-psql.ts');
  const { findProgram } = await load('../libs/test-support/src/find-program.ts');
  const programs = [findProgram('psql', 'PSQL_BIN'), findProgram('nats-server', 'NATS_SERVER_BIN')];
  return {
    findFreePort,
    openEmbeddedPostgres,
    runPsql,
    natsPort: String(await findFreePort()),
    programDirectories: programs.map((program) => path.dirname(program)),
  };
}

async function runAll(scenarios) {
  await ensureDependencies();
  await ensureTools();
  if ((await git('status', '--porcelain')) !== '')
    throw new Error(
      'The working tree has changes, and some commands write files: commit or stash them first.',
    );
  const abort = new AbortController();
  process.once('SIGINT', () => abort.abort());
  process.once('SIGTERM', () => abort.abort());
  const runner = new ScenarioRunner(await loadTools(), abort.signal);
  for (const scenario of scenarios) if (!abort.signal.aborted) await runner.run(scenario);
  if (abort.signal.aborted) throw new Error('interrupted');
  return runner.failures;
}

async function main() {
  const { values } = parseArgs({ options: { only: { type: 'string' }, list: { type: 'boolean' } } });
  const { only = '', list = false } = values;
  const scenarios = SCENARIOS.filter(({ steps }) =>
    commandsOf(steps).some((command) => command.includes(only)),
  );
  if (list) {
    for (const command of documentedCommands()) if (command.includes(only)) console.log(command);
    return;
  }
  if (scenarios.length === 0) throw new Error(`no command contains "${only}"`);
  const failures = await runAll(scenarios);
  console.log(failures === 0 ? 'all commands run as documented' : `${failures} failed`);
  if (failures > 0) process.exitCode = 1;
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  try {
    await main();
  } catch (error) {
    console.error(error.message);
    process.exitCode = 1;
  }
}
