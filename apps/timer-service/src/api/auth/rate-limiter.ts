import type { Clock } from '../../clock.ts';

export interface RateLimit {
  /** Size of a burst, and the number of requests allowed per window. */
  readonly max: number;
  readonly windowMs: number;
}

/** The result of counting one request. */
export interface RateUsage {
  readonly allowed: boolean;
  /** Requests that are still allowed now. */
  readonly remaining: number;
  /** Milliseconds until the next request is allowed; 0 when it is allowed now. */
  readonly waitMs: number;
}

interface Bucket {
  tokens: number;
  filledAtMs: number;
}

/** Clients kept in memory; the least recently seen one is removed first. */
const MAX_CLIENTS = 10_000;

/**
 * Limits the rate of each client with a token bucket: short bursts pass, and no window boundary lets twice as many
 * requests through. Synchronous, so that concurrent requests are counted one by one.
 */
export class RateLimiter {
  readonly #buckets = new Map<string, Bucket>();
  readonly #limit: RateLimit;
  readonly #clock: Clock;

  constructor(limit: RateLimit, clock: Clock) {
    this.#limit = limit;
    this.#clock = clock;
  }

  /** Counts one request of this client. A request that is not allowed takes no token. */
  take(client: string): RateUsage {
    const { max, windowMs } = this.#limit;
    const now = this.#clock.monotonicMs();
    const bucket = this.#buckets.get(client) ?? { tokens: max, filledAtMs: now };
    const refilled = ((now - bucket.filledAtMs) * max) / windowMs;
    const tokens = Math.min(max, bucket.tokens + refilled);
    const allowed = tokens >= 1;
    const left = allowed ? tokens - 1 : tokens;
    this.#store(client, { tokens: left, filledAtMs: now });
    return {
      allowed,
      remaining: Math.floor(left),
      waitMs: left >= 1 ? 0 : Math.ceil(((1 - left) * windowMs) / max),
    };
  }

  #store(client: string, bucket: Bucket): void {
    this.#buckets.delete(client);
    this.#buckets.set(client, bucket);
    if (this.#buckets.size <= MAX_CLIENTS) return;
    const [oldest] = this.#buckets.keys();
    if (oldest !== undefined) this.#buckets.delete(oldest);
  }
}
