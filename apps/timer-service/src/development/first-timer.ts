import { z } from 'zod';
import type { Service } from '../service.ts';
import type { Inspector } from './inspector.ts';

/** Delay of the first timer. */
const DELAY = '2s';
/** Time limit for its delivery. */
const TIMEOUT_MS = 30_000;

const timerResponseSchema = z.object({
  data: z.object({
    id: z.string(),
    execute_at: z.string(),
    status: z.string(),
    lateness_ms: z.number().nullable().optional(),
  }),
});

export interface FirstTimerOptions {
  readonly service: Service;
  readonly inspector: Inspector;
  readonly apiKey: string;
  readonly print: (line: string) => void;
}

/**
 * Stores one timer through the API, as any client would, and prints its delivery to the inspector and its lateness.
 *
 * @throws when the timer is not delivered within 30 seconds
 */
export async function showFirstTimer({
  service,
  inspector,
  apiKey,
  print,
}: FirstTimerOptions): Promise<void> {
  const call = async (method: string, path: string, body?: unknown) => {
    const response = await fetch(`${service.url}${path}`, {
      method,
      headers: { 'x-api-key': apiKey, ...(body === undefined ? {} : { 'content-type': 'application/json' }) },
      ...(body === undefined ? {} : { body: JSON.stringify(body) }),
    });
    const responseBody: unknown = await response.json();
    if (!response.ok)
      throw new Error(`${method} ${path} returned ${response.status}: ${JSON.stringify(responseBody)}`);
    return timerResponseSchema.parse(responseBody).data;
  };

  const url = `${service.url}/inspector/first-timer`;
  const stored = await call('POST', '/timers', {
    delay: DELAY,
    callback: { type: 'http', url, payload: { hello: 'from the Timer Platform' } },
    retry: { max_attempts: 1 },
  });
  const delivered = new Promise<void>((resolve) => {
    const stopListening = inspector.listen(({ headers }) => {
      if (headers['webhook-id'] !== stored.id) return;
      stopListening();
      resolve();
    });
  });
  print(`Stored a timer, due at ${stored.execute_at}: POST ${url}`);
  const timeout = AbortSignal.timeout(TIMEOUT_MS);
  await Promise.race([
    delivered,
    new Promise((_, reject) => {
      timeout.addEventListener('abort', () => {
        reject(new Error(`not delivered within ${TIMEOUT_MS / 1_000} s`));
      });
    }),
  ]);
  for (;;) {
    const timer = await call('GET', `/timers/${stored.id}`);
    timeout.throwIfAborted();
    if (timer.status === 'pending' || timer.status === 'executing') continue;
    print(
      `Delivered ${(timer.lateness_ms ?? Number.NaN).toFixed(1)} ms after it was due: status ${timer.status}`,
    );
    return;
  }
}
