import { mkdirSync, rmSync } from 'node:fs';
import path from 'node:path';
import { runCommand } from './run-command.mjs';
import { runInShell } from './run-in-shell.mjs';
import { workspaceRoot } from './workspace.mjs';

const MINUTE_MS = 60_000;
const OUTPUT_LINES = 60;
const FORM_LENGTH = 100;

/** Settings of the service and the migrator, which would replace the temporary database. */
const SETTINGS = /^(?:DATABASE_URL|API_KEY|HOST|PORT|HEADER_ENCRYPTION_KEYS|PG\w+|(?:PG|NATS|TIMER)_\w+)$/;
const PROGRAMS = /^(?:PSQL|NATS_SERVER)_BIN$/;

function environment() {
  const entries = Object.entries(process.env).filter(([name]) => !SETTINGS.test(name) || PROGRAMS.test(name));
  // npm and Nx make programs believe that they write to a terminal.
  return { ...Object.fromEntries(entries), FORCE_COLOR: '0' };
}

export async function git(...args) {
  const { exitCode, output } = await runCommand('git', args, { quiet: true });
  if (exitCode !== 0) throw new Error(`git ${args.join(' ')} ended with exit code ${exitCode}:\n${output}`);
  return output;
}

/** Why the output and the exit code of a step are not the expected ones; undefined when they are. */
function findProblem(step, { exitCode, output, problem }) {
  if (problem !== undefined) return problem;
  // Programs that Ctrl-C ends exit with 0 or, if they do not handle it, with 130.
  const expected = step.until === undefined ? [step.exitCode ?? 0] : [0, 130];
  if (!expected.includes(exitCode)) return `exit code ${exitCode}, expected ${expected.join(' or ')}`;
  if (step.shows !== undefined && !step.shows.test(output)) return `the output does not match ${step.shows}`;
  return undefined;
}

function shorten(text) {
  return text.length > FORM_LENGTH ? `${text.slice(0, FORM_LENGTH)}…` : text;
}

function print(result, since, command, form) {
  const seconds = ((performance.now() - since) / 1000).toFixed(1);
  const suffix = form === undefined ? '' : `  [tried as: ${shorten(form)}]`;
  console.log(`${result.padEnd(6)} ${seconds.padStart(7)} s  ${command}${suffix}`);
}

/** Runs scenarios of command-scenarios.mjs and prints one line for each command. */
export class ScenarioRunner {
  failures = 0;
  #tools;
  #signal;

  constructor(tools, signal) {
    this.#tools = tools;
    this.#signal = signal;
  }

  /** Runs the scenario, restores the files that it writes, and checks that nothing else has changed. */
  async run(scenario) {
    // Below the workspace, because the server's user may not enter a temporary directory of root.
    const directory = path.join(workspaceRoot, '.timer', `documented-commands-${process.pid}`);
    mkdirSync(directory, { recursive: true });
    try {
      await this.#runSteps(scenario.steps, directory);
    } finally {
      rmSync(directory, { recursive: true, force: true });
      for (const file of scenario.writes ?? []) {
        await git('checkout', '--quiet', '--', file);
        await git('clean', '--quiet', '--force', '--', file);
      }
    }
    const changes = await git('status', '--porcelain');
    if (changes === '') return;
    this.failures += 1;
    console.log(`FAILED ${scenario.title}: files were changed\n${changes}`);
  }

  async #runSteps(steps, directory) {
    for (const step of steps) {
      if (this.#signal.aborted) return;
      if (step.psql === undefined) await this.#runStep(step, directory);
      else await this.#prepareDatabase(step.psql, directory);
    }
  }

  async #runStep(step, directory) {
    const { command, as, cwd = '', until, meanwhile, timeoutMinutes = 15 } = step;
    const since = performance.now();
    const env = {
      ...environment(),
      TIMER_DIRECTORY: directory,
      PORT: String(await this.#tools.findFreePort()),
      NATS_PORT: this.#tools.natsPort,
      PATH: [process.env.PATH, ...this.#tools.programDirectories].join(path.delimiter),
      ...step.env,
    };
    const result = await runInShell(as ?? command, {
      cwd: path.join(workspaceRoot, cwd),
      env,
      until,
      whileRunning: meanwhile === undefined ? undefined : () => this.#runSteps(meanwhile, directory),
      timeoutMs: timeoutMinutes * MINUTE_MS,
      signal: this.#signal,
    });
    const problem = findProblem(step, result);
    print(
      problem === undefined ? 'ok' : 'FAILED',
      since,
      command ?? as,
      command === undefined ? undefined : as,
    );
    if (problem === undefined) return;
    this.failures += 1;
    console.log(`${problem}\n${result.output.trim().split('\n').slice(-OUTPUT_LINES).join('\n')}\n`);
  }

  async #prepareDatabase(statements, directory) {
    const { openEmbeddedPostgres, runPsql } = this.#tools;
    const server = await openEmbeddedPostgres({ directory: path.join(directory, 'postgres'), log: () => {} });
    try {
      for (const args of statements) {
        const { exitCode, stderr } = await runPsql(server.url, args);
        if (exitCode !== 0) throw new Error(`psql ended with exit code ${exitCode}: ${stderr}`);
      }
    } finally {
      await server.stop();
    }
  }
}
