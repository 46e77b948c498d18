/**
 * `npm test`: installs what is missing, then runs every check of every project and reports how many passed and failed.
 * The last line is `N passed, N failed`; with TEST_SUMMARY_FILE set it goes there instead.
 */
import { existsSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import startTestServer from '../libs/test-support/src/global-setup.mjs';
import stopTestServer from '../libs/test-support/src/global-teardown.mjs';
import { ensureDependencies } from './ensure-dependencies.mjs';
import { ensureBrowser, ensureTools } from './ensure-tools.mjs';
import { computeProjectGraph } from './project-graph.mjs';
import { runCommand } from './run-command.mjs';
import { countTests } from './test-totals.mjs';
import { listProjects, readJson, workspaceRoot } from './workspace.mjs';

const MODULES = path.join(workspaceRoot, 'node_modules');

/** Checks of the whole workspace: a program of node_modules, its arguments, and what to do when it fails. */
const CHECKS = [
  {
    name: 'lint',
    program: ['eslint', 'bin', 'eslint.js'],
    args: ['--config', 'eslint.workspace.config.mjs', 'apps', 'libs', 'examples', 'scripts', '*.mjs'],
    hint: 'see the output above',
  },
  {
    name: 'types',
    program: ['typescript', 'bin', 'tsc'],
    args: ['-p', 'tsconfig.workspace.json'],
    hint: 'see the output above',
  },
  {
    name: 'types of the console',
    program: ['typescript', 'bin', 'tsc'],
    args: ['-p', 'apps/console/tsconfig.json'],
    hint: 'see the output above',
  },
  {
    name: 'format',
    program: ['prettier', 'bin', 'prettier.cjs'],
    args: ['--check', '.'],
    hint: 'run "npm run format" and review its changes',
  },
  {
    name: 'unused code',
    program: ['knip', 'bin', 'knip.js'],
    args: [],
    hint: 'remove what knip lists, or export it where it is used',
  },
];

/** Compilers make much that is soon garbage: with the default of 16 MB, collecting it is a sixth of their time. */
const NODE_ARGS = ['--max-semi-space-size=128'];

/** Checks and tests run two at a time, as the tasks of Nx do, so the output of each is shown when it ends. */
const PARALLEL = 2;

async function runCheck({ name, program, args, hint }) {
  const nodeArgs = [...NODE_ARGS, path.join(MODULES, ...program), ...args];
  const { exitCode, output } = await runCommand(process.execPath, nodeArgs, { quiet: true });
  console.log(`\n> ${name}: ${program[0]} ${args.join(' ')}\n${output}`);
  return exitCode === 0 ? { passed: 1, failures: [] } : { passed: 0, failures: [`${name}: ${hint}`] };
}

/** The scripts are no Nx project; Node's own test runner tests them. */
async function testScripts() {
  const files = readdirSync(import.meta.dirname).filter((name) => name.endsWith('.test.mjs'));
  const args = [
    '--test',
    '--test-reporter=tap',
    ...files.map((name) => path.join(import.meta.dirname, name)),
  ];
  const { exitCode, output } = await runCommand(process.execPath, args, { quiet: true });
  console.log('\n> node --test scripts/*.test.mjs');
  const passed = Number(/^# pass (\d+)$/m.exec(output)?.[1] ?? 0);
  if (exitCode === 0 && passed > 0) return { passed, failures: [] };
  console.log(output);
  const failed = [...output.matchAll(/^ *not ok \d+ - (.*)$/gm)].map(([, name]) => `scripts: ${name}`);
  return {
    passed,
    failures: failed.length > 0 ? failed : [`scripts: exit code ${exitCode}, ${passed} tests passed`],
  };
}

async function runChecks() {
  // The lint rule for boundaries reads the graph from the cache, and accepts everything if there is none.
  await computeProjectGraph();
  const results = [];
  const waiting = [testScripts, ...CHECKS.map((check) => () => runCheck(check))];
  const runWaiting = async () => {
    for (let next = waiting.shift(); next !== undefined; next = waiting.shift()) results.push(await next());
  };
  await Promise.all(Array.from({ length: PARALLEL }, runWaiting));
  return results;
}

async function runTests() {
  const projects = listProjects();
  // Results of an earlier run must not count: Nx restores the files that belong to a cached result.
  for (const { directory } of projects)
    rmSync(path.join(directory, 'coverage'), { recursive: true, force: true });
  const directory = mkdtempSync(path.join(tmpdir(), 'task-results-'));
  try {
    const resultsFile = path.join(directory, 'results.json');
    const nx = path.join(MODULES, 'nx', 'dist', 'bin', 'nx.js');
    const args = [
      nx,
      'run-many',
      '-t',
      'test',
      `--parallel=${PARALLEL}`,
      '--outputStyle=static',
      '--nxBail=false',
    ];
    const env = { TASK_RESULTS_FILE: resultsFile };
    // Tests take the server's address from the environment.
    await startTestServer();
    // Nx makes the tools believe that they write to a terminal.
    if (!process.stdout.isTTY) env.FORCE_COLOR = '0';
    const { exitCode } = await runCommand(process.execPath, args, { env });
    const total = countTests(projects, existsSync(resultsFile) ? readJson(resultsFile) : []);
    if (exitCode !== 0 && total.failures.length === 0)
      total.failures.push(`nx: exit code ${exitCode}; see the output above`);
    return total;
  } finally {
    await stopTestServer();
    rmSync(directory, { recursive: true });
  }
}

async function runAll() {
  await ensureDependencies();
  await ensureTools();
  // Downloads while the checks compute.
  const browser = ensureBrowser();
  const parts = await runChecks();
  await browser;
  parts.push(await runTests());
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
