import { z } from 'zod';
import type { Service } from '../service.ts';
import type { Inspector } from './inspector.ts';

/** How far ahead the first timer is set. */
const DELAY = '2s';
/** How long its delivery is waited for. */
const PATIENCE_MS = 30_000;

const firstTimerAnswerSchema = z.object({
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
 * Stores one timer through the API, as any client would, and reports its delivery to the inspector and how late it was:
 * a newcomer sees the main job done without typing.
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
    const answer: unknown = await response.json();
    if (!response.ok)
      throw new Error(`${method} ${path} answered ${response.status}: ${JSON.stringify(answer)}`);
    return firstTimerAnswerSchema.parse(answer).data;
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
  const patience = AbortSignal.timeout(PATIENCE_MS);
  await Promise.race([
    delivered,
    new Promise((_, reject) => {
      patience.addEventListener('abort', () => {
        reject(new Error(`it was not delivered within ${PATIENCE_MS / 1_000} s`));
      });
    }),
  ]);
  for (;;) {
    const timer = await call('GET', `/timers/${stored.id}`);
    patience.throwIfAborted();
    if (timer.status === 'pending' || timer.status === 'executing') continue;
    print(
      `Delivered, ${(timer.lateness_ms ?? Number.NaN).toFixed(1)} ms after its instant: status ${timer.status}`,
    );
    return;
  }
}
