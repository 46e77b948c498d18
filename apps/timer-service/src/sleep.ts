/** Resolves after `ms` milliseconds, or as soon as the signal is aborted. */
export function sleep(ms: number, signal?: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    if (signal?.aborted === true) {
      resolve();
      return;
    }
    const done = () => {
      clearTimeout(timeout);
      signal?.removeEventListener('abort', done);
      resolve();
    };
    const timeout = setTimeout(done, ms);
    signal?.addEventListener('abort', done);
  });
}

/** Waits for a promise, but no longer than `ms` milliseconds. */
export async function waitAtMost(ms: number, promise: Promise<void>): Promise<void> {
  const settled = new AbortController();
  await Promise.race([promise, sleep(ms, settled.signal)]);
  settled.abort();
}
