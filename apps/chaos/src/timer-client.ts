import { setTimeout as delay } from 'node:timers/promises';
import { timerBatchResponseSchema } from '@timer-platform/callback-types';
import { z } from 'zod';
import { CHAOS_API_KEY } from './service-process.ts';

/** The final response to a request, after any number of retries. */
export interface TimerClientResponse {
  readonly status: number;
  readonly message: string;
  /** Ids of the created timers. */
  readonly ids: readonly string[];
  /** Whether an earlier attempt may have taken effect although its response was lost. */
  readonly retried: boolean;
}

const REQUEST_TIMEOUT_MS = 5_000;
const PAUSE_MS = 200;
const messageSchema = z.looseObject({ message: z.string() });

/** Retries each request until one of the services responds, while they are killed, frozen and lose their database. */
export class TimerClient {
  /** Returns the URL of a running service; called for every attempt. */
  readonly #baseUrl: () => string | undefined;

  constructor(baseUrl: () => string | undefined) {
    this.#baseUrl = baseUrl;
  }

  create(timers: readonly object[], idempotencyKey: string): Promise<TimerClientResponse> {
    return this.#request('POST', '/timers/batch', { timers }, { 'idempotency-key': idempotencyKey });
  }

  update(id: string, change: object): Promise<TimerClientResponse> {
    return this.#request('PUT', `/timers/${id}`, change);
  }

  cancel(id: string): Promise<TimerClientResponse> {
    return this.#request('DELETE', `/timers/${id}`);
  }

  async #request(
    method: string,
    path: string,
    body?: object,
    headers: Readonly<Record<string, string>> = {},
  ): Promise<TimerClientResponse> {
    for (let retried = false; ; retried = true) {
      const base = this.#baseUrl();
      if (base !== undefined) {
        const response = await this.#attempt(`${base}${path}`, method, body, headers);
        if (response !== undefined) return { ...response, retried };
      }
      await delay(PAUSE_MS);
    }
  }

  async #attempt(
    url: string,
    method: string,
    body: object | undefined,
    headers: Readonly<Record<string, string>>,
  ): Promise<Omit<TimerClientResponse, 'retried'> | undefined> {
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
      const json: unknown = await response.json();
      if (response.status >= 500 || response.status === 429) return undefined;
      const { message } = messageSchema.parse(json);
      const batch = timerBatchResponseSchema.safeParse(json);
      return { status: response.status, message, ids: batch.data?.data.timers.map(({ id }) => id) ?? [] };
    } catch {
      // Refused, disconnected or timed out: the next attempt may reach another service.
      return undefined;
    }
  }
}
