import { setTimeout as delay } from 'node:timers/promises';
import { errorCode } from './error-code.ts';
import { examinePostmaster, findPostmaster, processExists } from './find-postmaster.ts';
import { type PostmasterPid, readPostmasterPid } from './postmaster-pid.ts';

const POLL_MS = 10;
/** A fast shutdown writes a checkpoint, which can be slow on a slow disk. */
const FAST_STOP_MS = 60_000;
const IMMEDIATE_STOP_MS = 10_000;

async function hasStopped(
  dataDirectory: string,
  { pid }: PostmasterPid,
  timeoutMs: number,
): Promise<boolean> {
  const deadline = performance.now() + timeoutMs;
  for (;;) {
    // The server deletes the file last. The process itself may remain as a zombie if nobody reaps it.
    const current = await readPostmasterPid(dataDirectory);
    if (current?.pid !== pid || !processExists(pid)) return true;
    if (process.platform === 'linux' && (await examinePostmaster(dataDirectory, current)) !== 'running')
      return true;
    if (performance.now() > deadline) return false;
    await delay(POLL_MS);
  }
}

/**
 * Stops the server with a fast shutdown, which ends the sessions and leaves the data clean. If that takes too long,
 * with an immediate shutdown: the next start then recovers from the write-ahead log.
 */
export async function stopPostgres(dataDirectory: string, log: (message: string) => void): Promise<void> {
  const postmaster = await findPostmaster(dataDirectory);
  if (postmaster === undefined) return;
  for (const [signal, timeoutMs] of [
    ['SIGINT', FAST_STOP_MS],
    ['SIGQUIT', IMMEDIATE_STOP_MS],
  ] as const) {
    try {
      process.kill(postmaster.pid, signal);
    } catch (error) {
      if (errorCode(error) !== 'ESRCH') throw error;
    }
    if (await hasStopped(dataDirectory, postmaster, timeoutMs)) return;
    log(`PostgreSQL (process ${postmaster.pid}) is still running ${timeoutMs / 1000} s after ${signal}`);
  }
  throw new Error(
    `PostgreSQL (process ${postmaster.pid}) cannot be stopped: SIGINT and SIGQUIT had no effect`,
  );
}
