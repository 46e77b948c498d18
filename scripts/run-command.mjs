import { spawn } from 'node:child_process';
import { workspaceRoot } from './workspace.mjs';

/** The exit code that a shell shows for a process: 128 plus its number if a signal ended it. */
export function exitCodeOf(code, signal) {
  const numbers = { SIGHUP: 1, SIGINT: 2, SIGKILL: 9, SIGTERM: 15 };
  return signal === null ? code : 128 + (numbers[signal] ?? 0);
}

/**
 * Runs a program in the workspace root and waits for its end. The exit code is 127 if it cannot be started.
 *
 * @param {{ quiet?: boolean, env?: Record<string, string> }} [options] quiet: keep the output instead of showing it
 * @returns {Promise<{ exitCode: number, output: string }>}
 */
export function runCommand(program, args, { quiet = false, env = {} } = {}) {
  return new Promise((resolve) => {
    const child = spawn(program, args, {
      cwd: workspaceRoot,
      env: { ...process.env, ...env },
      stdio: ['ignore', quiet ? 'pipe' : 'inherit', quiet ? 'pipe' : 'inherit'],
    });
    const chunks = [];
    child.stdout?.on('data', (chunk) => chunks.push(chunk));
    child.stderr?.on('data', (chunk) => chunks.push(chunk));
    child.once('error', (error) => resolve({ exitCode: 127, output: error.message }));
    child.once('close', (code, signal) =>
      resolve({ exitCode: exitCodeOf(code, signal), output: Buffer.concat(chunks).toString('utf8') }),
    );
  });
}
