import { spawn } from 'node:child_process';
import { stripVTControlCharacters } from 'node:util';
import { exitCodeOf } from './run-command.mjs';

const KILL_AFTER_MS = 15_000;

/**
 * Runs a shell command in a process group of its own and waits for its end.
 *
 * @param {object} options
 * @param {string} options.cwd
 * @param {Record<string, string>} options.env the whole environment
 * @param {RegExp} [options.until] for a command that does not end: Ctrl-C is sent when its output matches
 * @param {() => Promise<void>} [options.whileRunning] runs between the match and Ctrl-C
 * @param {number} options.timeoutMs then the command is terminated
 * @param {AbortSignal} [options.signal] terminates the command
 * @returns {Promise<{ exitCode: number, output: string, problem?: string }>} problem: why it has not ended as expected
 */
export async function runInShell(command, options) {
  const { cwd, env, until, whileRunning, timeoutMs, signal } = options;
  const child = spawn('sh', ['-c', command], { cwd, env, detached: true, stdio: ['ignore', 'pipe', 'pipe'] });
  const sendSignal = (name) => {
    try {
      process.kill(-child.pid, name);
    } catch (error) {
      if (error.code !== 'ESRCH') throw error;
    }
  };
  const result = { output: '', problem: undefined };
  let kill;
  const terminate = (problem) => {
    result.problem ??= problem;
    sendSignal('SIGTERM');
    kill ??= setTimeout(() => sendSignal('SIGKILL'), KILL_AFTER_MS);
  };
  const timeout = setTimeout(() => terminate(`has not ended after ${timeoutMs / 1000} s`), timeoutMs);
  const abort = () => terminate('was interrupted');
  signal?.addEventListener('abort', abort, { once: true });

  const matched = new Promise((resolve) => {
    const append = (chunk) => {
      result.output += stripVTControlCharacters(chunk.toString('utf8'));
      if (until?.test(result.output)) resolve(true);
    };
    child.stdout.on('data', append);
    child.stderr.on('data', append);
    child.once('close', () => resolve(false));
  });
  const closed = new Promise((resolve, reject) => {
    child.once('error', reject);
    child.once('close', (code, name) => resolve(exitCodeOf(code, name)));
  });
  try {
    if (until !== undefined) {
      if (await matched) {
        await whileRunning?.();
        sendSignal('SIGINT');
      } else {
        result.problem ??= `has ended before it printed ${until}`;
      }
    }
    const exitCode = await closed;
    return { ...result, exitCode };
  } catch (error) {
    sendSignal('SIGTERM');
    throw error;
  } finally {
    clearTimeout(timeout);
    clearTimeout(kill);
    signal?.removeEventListener('abort', abort);
  }
}
