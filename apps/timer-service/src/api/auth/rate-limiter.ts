import type { Clock } from '../../clock.ts';

export interface RateLimit {
  /** Requests that may come at once, and that come back within the window. */
  readonly max: number;
  readonly windowMs: number;
}

/** What became of a request that counts against a limit. */
export interface RateUsage {
  readonly allowed: boolean;
  /** Requests that may still come at once. */
  readonly remaining: number;
  /** Milliseconds until the next request is allowed; 0 when it is now. */
  readonly waitMs: number;
}

interface Bucket {
  tokens: number;
  filledAtMs: number;
}

/** Clients that are remembered; who came back last is forgotten last. */
const MAX_CLIENTS = 10_000;

/**
 * Limits the rate of each client by a token bucket: short bursts pass, no window's edge lets twice as many through.
 * Counts without waiting for anything, so that requests of one burst are told apart.
 */
export class RateLimiter {
  readonly #buckets = new Map<string, Bucket>();
  readonly #limit: RateLimit;
  readonly #clock: Clock;

  constructor(limit: RateLimit, clock: Clock) {
    this.#limit = limit;
    this.#clock = clock;
  }

  /** Counts one request of this client. One that is not allowed takes nothing. */
  take(client: string): RateUsage {
    const { max, windowMs } = this.#limit;
    const now = this.#clock.monotonicMs();
    const bucket = this.#buckets.get(client) ?? { tokens: max, filledAtMs: now };
    const refilled = ((now - bucket.filledAtMs) * max) / windowMs;
    const tokens = Math.min(max, bucket.tokens + refilled);
    const allowed = tokens >= 1;
    const left = allowed ? tokens - 1 : tokens;
    this.#remember(client, { tokens: left, filledAtMs: now });
    return {
      allowed,
      remaining: Math.floor(left),
      waitMs: left >= 1 ? 0 : Math.ceil(((1 - left) * windowMs) / max),
    };
  }

  #remember(client: string, bucket: Bucket): void {
    this.#buckets.delete(client);
    this.#buckets.set(client, bucket);
    if (this.#buckets.size <= MAX_CLIENTS) return;
    const [oldest] = this.#buckets.keys();
    if (oldest !== undefined) this.#buckets.delete(oldest);
  }
}
