import { LookupError, type ResolveHost } from './resolve-host.ts';

interface Bounds {
  readonly maxConcurrent: number;
  readonly maxQueued: number;
  /** Waiting included. */
  readonly timeoutMs: number;
}

const DEFAULT_BOUNDS: Bounds = { maxConcurrent: 2, maxQueued: 100, timeoutMs: 5_000 };

/**
 * Limits concurrent lookups: each getaddrinfo occupies one of the few threads of libuv, which files and hashes need too,
 * and cannot be canceled. A lookup that exceeds its timeout rejects, but occupies its place until it ends.
 */
export function boundedLookup(lookup: ResolveHost, bounds: Partial<Bounds> = {}): ResolveHost {
  const { maxConcurrent, maxQueued, timeoutMs } = { ...DEFAULT_BOUNDS, ...bounds };
  const queue = new Set<() => void>();
  let running = 0;

  function ended(): void {
    running -= 1;
    const [next] = queue;
    next?.();
  }

  return (hostname) =>
    new Promise((resolve, reject) => {
      const timeout = setTimeout(() => {
        queue.delete(start);
        reject(new LookupError('EAI_AGAIN'));
      }, timeoutMs);

      function start(): void {
        queue.delete(start);
        running += 1;
        lookup(hostname)
          .then(resolve, reject)
          .finally(() => {
            clearTimeout(timeout);
            ended();
          });
      }

      if (running < maxConcurrent) start();
      else if (queue.size < maxQueued) queue.add(start);
      else {
        clearTimeout(timeout);
        reject(new LookupError('EAI_AGAIN'));
      }
    });
}
