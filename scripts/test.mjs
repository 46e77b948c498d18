/**
 * `npm test`: installs what is missing, then runs every check of every project and says how many passed and failed.
 * The last line is `N passed, N failed`; with TEST_SUMMARY_FILE set it goes there instead.
 */
import { existsSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { ensureDependencies } from './ensure-dependencies.mjs';
import { ensureTools } from './ensure-tools.mjs';
import { runCommand } from './run-command.mjs';
import { countTasks, TARGETS } from './test-totals.mjs';
import { listProjects, readJson, workspaceRoot } from './workspace.mjs';

const modules = path.join(workspaceRoot, 'node_modules');
/** Nx writes here, after each run, which tasks it ran or took from its cache, and how they ended. */
const RUN_RECORD = path.join(workspaceRoot, '.nx', 'cache', 'run.json');

/** Nothing of an earlier run may be counted: Nx puts the files back that belong to a cached result. */
function removeResults(projects) {
  for (const { directory } of projects)
    rmSync(path.join(directory, 'coverage'), { recursive: true, force: true });
  rmSync(RUN_RECORD, { force: true });
}

async function checkFormat() {
  console.log('\n> prettier --check .');
  const prettier = path.join(modules, 'prettier', 'bin', 'prettier.cjs');
  const { exitCode } = await runCommand(process.execPath, [prettier, '--check', '.']);
  return exitCode === 0
    ? { passed: 1, failures: [] }
    : { passed: 0, failures: ['format: run "npm run format" and look at what it changes'] };
}

/** The scripts are no project of Nx; they are tested with what Node brings along. */
async function testScripts() {
  console.log('\n> node --test scripts');
  const files = readdirSync(import.meta.dirname).filter((name) => name.endsWith('.test.mjs'));
  const args = [
    '--test',
    '--test-reporter=tap',
    ...files.map((name) => path.join(import.meta.dirname, name)),
  ];
  const { exitCode, output } = await runCommand(process.execPath, args, { quiet: true });
  const passed = Number(/^# pass (\d+)$/m.exec(output)?.[1] ?? 0);
  if (exitCode === 0 && passed > 0) return { passed, failures: [] };
  console.log(output);
  const failed = [...output.matchAll(/^not ok \d+ - (.*)$/gm)].map(([, name]) => `scripts: ${name}`);
  return {
    passed,
    failures: failed.length > 0 ? failed : [`scripts: exit code ${exitCode}, ${passed} tests passed`],
  };
}

async function runTasks() {
  const projects = listProjects();
  removeResults(projects);
  const nx = path.join(modules, 'nx', 'dist', 'bin', 'nx.js');
  const args = [nx, 'run-many', '-t', ...TARGETS, '--parallel=2', '--outputStyle=static', '--nxBail=false'];
  // Nx makes the tools believe that they write to a terminal.
  const env = process.stdout.isTTY ? {} : { FORCE_COLOR: '0' };
  const { exitCode } = await runCommand(process.execPath, args, { env });
  const tasks = existsSync(RUN_RECORD) ? readJson(RUN_RECORD).tasks : [];
  const total = countTasks(projects, tasks);
  if (exitCode !== 0 && total.failures.length === 0)
    total.failures.push(`nx: exit code ${exitCode}; see the output above`);
  return total;
}

async function runAll() {
  await ensureDependencies();
  await ensureTools();
  const parts = [await checkFormat(), await testScripts(), await runTasks()];
  return {
    passed: parts.reduce((sum, { passed }) => sum + passed, 0),
    failures: parts.flatMap(({ failures }) => failures),
  };
}

function report({ passed, failures }) {
  if (failures.length > 0)
    console.log(`\nFailed:\n\n${failures.map((failure) => `● ${failure}`).join('\n\n')}\n`);
  const line = `${passed} passed, ${failures.length} failed`;
  const file = process.env.TEST_SUMMARY_FILE;
  if (file === undefined || file === '') console.log(line);
  else writeFileSync(file, `${line}\n`);
  process.exitCode = failures.length === 0 ? 0 : 1;
}

try {
  report(await runAll());
} catch (error) {
  report({ passed: 0, failures: [error.message] });
}
