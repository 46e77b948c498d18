/**
 * `npm start`: installs what is missing, builds, and runs the timer service in development mode until Ctrl-C.
 * The service itself starts the embedded PostgreSQL when no database is set.
 */
import { spawn } from 'node:child_process';
import { createRequire } from 'node:module';
import path from 'node:path';
import { ensureDependencies } from './ensure-dependencies.mjs';
import { exitCodeOf, runCommand } from './run-command.mjs';
import { workspaceRoot } from './workspace.mjs';

/** One Ctrl-C arrives two or three times: from the terminal, from npm, which passes it on, and from a shell between. */
const SAME_SIGNAL_MS = 1_000;
const PARENT_CHECK_MS = 500;

/** npm sends SIGTERM to the shell between it and this script; the shell ends without passing it on. */
function whenNpmIsGone(then) {
  if (process.env.npm_lifecycle_event === undefined) return;
  const parent = process.ppid;
  const check = setInterval(() => {
    if (process.ppid === parent) return;
    clearInterval(check);
    then();
  }, PARENT_CHECK_MS);
  check.unref();
}

/** Found only after the dependencies are installed. */
function programOf(project, name, file) {
  const { resolve } = createRequire(path.join(workspaceRoot, project, 'package.json'));
  return path.join(path.dirname(resolve(`${name}/package.json`)), 'bin', file);
}

/**
 * Makes the files of the build targets of Nx, side by side. Nx would compile each project in a process of its own, which takes
 * twice as long when nothing is built yet.
 */
async function build() {
  console.log('Building the timer service, its console and the migrator');
  const service = 'apps/timer-service';
  const projects = [`${service}/tsconfig.build.json`, 'apps/migrator/tsconfig.build.json'];
  const results = await Promise.all(
    [
      [programOf(service, 'typescript', 'tsc'), '--build', ...projects],
      [programOf('apps/console', 'vite', 'vite.js'), 'build', 'apps/console'],
    ].map((args) => runCommand(process.execPath, args, { quiet: true })),
  );
  for (const { exitCode, output } of results) {
    if (exitCode === 0) continue;
    console.error(output);
    throw new Error(`The build has failed with exit code ${exitCode}; its output is above.`);
  }
}

/**
 * Runs the service and returns its exit code. In a process group of its own the service gets each signal once, and can
 * handle a second one itself.
 */
function runService() {
  return new Promise((resolve, reject) => {
    const child = spawn(process.execPath, [path.join('apps', 'timer-service', 'dist', 'main.js')], {
      cwd: workspaceRoot,
      env: { ...process.env, TIMER_MODE: process.env.TIMER_MODE ?? 'development' },
      stdio: 'inherit',
      detached: true,
    });
    let asked;
    const ask = (signal) => {
      const now = performance.now();
      if (asked === undefined) {
        asked = now;
        child.kill(signal);
      } else if (now - asked > SAME_SIGNAL_MS) {
        console.error('Second signal: killing the timer service. Timers are kept; the next start continues.');
        child.kill('SIGKILL');
      }
    };
    process.on('SIGINT', () => ask('SIGINT'));
    process.on('SIGTERM', () => ask('SIGTERM'));
    // The terminal is closed.
    process.on('SIGHUP', () => ask('SIGTERM'));
    whenNpmIsGone(() => ask('SIGTERM'));
    child.once('error', reject);
    child.once('exit', (code, signal) => resolve(exitCodeOf(code, signal)));
  });
}

try {
  await ensureDependencies();
  await build();
  process.exitCode = await runService();
} catch (error) {
  console.error(error.message);
  process.exitCode = 1;
}
