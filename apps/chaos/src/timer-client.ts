import { setTimeout as delay } from 'node:timers/promises';
import { timerBatchResponseSchema } from '@timer-platform/callback-types';
import { z } from 'zod';
import { CHAOS_API_KEY } from './service-process.ts';

/** What a service said in the end, however often it had to be asked. */
export interface Answer {
  readonly status: number;
  readonly message: string;
  /** Ids of the timers, where a request made some. */
  readonly ids: readonly string[];
  /** Whether an earlier try may have taken effect although its answer was lost. */
  readonly repeated: boolean;
}

const REQUEST_TIMEOUT_MS = 5_000;
const PAUSE_MS = 200;
const messageSchema = z.looseObject({ message: z.string() });

/** Asks services that are killed, frozen and cut off from their database, until one of them answers. */
export class TimerClient {
  /** Where a running service listens now; chosen anew for every try. */
  readonly #baseUrl: () => string | undefined;

  constructor(baseUrl: () => string | undefined) {
    this.#baseUrl = baseUrl;
  }

  create(timers: readonly object[], idempotencyKey: string): Promise<Answer> {
    return this.#ask('POST', '/timers/batch', { timers }, { 'idempotency-key': idempotencyKey });
  }

  update(id: string, change: object): Promise<Answer> {
    return this.#ask('PUT', `/timers/${id}`, change);
  }

  cancel(id: string): Promise<Answer> {
    return this.#ask('DELETE', `/timers/${id}`);
  }

  async #ask(
    method: string,
    path: string,
    body?: object,
    headers: Readonly<Record<string, string>> = {},
  ): Promise<Answer> {
    for (let repeated = false; ; repeated = true) {
      const base = this.#baseUrl();
      if (base !== undefined) {
        const answer = await this.#try(`${base}${path}`, method, body, headers);
        if (answer !== undefined) return { ...answer, repeated };
      }
      await delay(PAUSE_MS);
    }
  }

  async #try(
    url: string,
    method: string,
    body: object | undefined,
    headers: Readonly<Record<string, string>>,
  ): Promise<Omit<Answer, 'repeated'> | undefined> {
    try {
      const response = await fetch(url, {
        method,
        headers: {
          'x-api-key': CHAOS_API_KEY,
          ...(body === undefined ? {} : { 'content-type': 'application/json' }),
          ...headers,
        },
        ...(body === undefined ? {} : { body: JSON.stringify(body) }),
        signal: AbortSignal.timeout(REQUEST_TIMEOUT_MS),
      });
      const answer: unknown = await response.json();
      if (response.status >= 500 || response.status === 429) return undefined;
      const { message } = messageSchema.parse(answer);
      const made = timerBatchResponseSchema.safeParse(answer);
      return { status: response.status, message, ids: made.data?.data.timers.map(({ id }) => id) ?? [] };
    } catch {
      // Refused, cut off, or no answer in time: the next try may reach another service.
      return undefined;
    }
  }
}
