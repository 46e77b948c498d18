/** A lock between processes that needs nothing but Node: a directory, whose creation is atomic. */
import { mkdirSync, renameSync, rmSync, statSync, utimesSync } from 'node:fs';
import path from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';

const POLL_MS = 100;
const HEARTBEAT_MS = 1_000;
const SIGNALS = ['SIGINT', 'SIGTERM', 'SIGHUP'];

function create(directory) {
  try {
    mkdirSync(directory);
    return true;
  } catch (error) {
    if (error.code !== 'EEXIST') throw error;
    return false;
  }
}

function heartbeatOf(directory) {
  return statSync(directory, { throwIfNoEntry: false })?.mtimeMs;
}

/** Renaming is atomic: of several processes that find the lock stale, one removes it. */
function removeStale(directory) {
  const removed = `${directory}.${process.pid}.stale`;
  try {
    renameSync(directory, removed);
  } catch (error) {
    if (error.code !== 'ENOENT') throw error;
    return;
  }
  rmSync(removed, { recursive: true, force: true });
}

/**
 * Waits until the directory can be created. A holder that was killed leaves it behind: its heartbeats, the time stamp of
 * the directory, stop. This process times them by its own clock.
 */
async function acquire(directory, staleAfterMs, onWait) {
  mkdirSync(path.dirname(directory), { recursive: true });
  let last;
  let since = performance.now();
  while (!create(directory)) {
    const heartbeat = heartbeatOf(directory);
    if (last === undefined) onWait();
    if (heartbeat !== last) {
      last = heartbeat;
      since = performance.now();
    } else if (performance.now() - since > staleAfterMs) removeStale(directory);
    await delay(POLL_MS);
  }
}

/** Runs `work` while no other process holds the lock. Releases it also when a signal ends this process. */
export async function withDirectoryLock(
  directory,
  work,
  { staleAfterMs = 10_000, onWait = () => undefined } = {},
) {
  await acquire(directory, staleAfterMs, onWait);
  const heartbeat = setInterval(() => {
    const now = new Date();
    utimesSync(directory, now, now);
  }, HEARTBEAT_MS);
  const release = () => {
    clearInterval(heartbeat);
    rmSync(directory, { recursive: true, force: true });
  };
  const onSignal = (signal) => {
    release();
    process.kill(process.pid, signal);
  };
  for (const signal of SIGNALS) process.once(signal, onSignal);
  try {
    return await work();
  } finally {
    for (const signal of SIGNALS) process.off(signal, onSignal);
    release();
  }
}
