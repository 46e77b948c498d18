import { pruneIdempotencyKeys } from '@timer-platform/database';
import type { Api, ApiContext } from '../api/api-context.ts';

/** How often old Idempotency-Keys are looked for, in milliseconds. */
const INTERVAL_MS = 3_600_000;

/** Forgets the Idempotency-Keys of old requests for as long as the server runs. */
export function forgetOldKeys(app: Api, { db, settings }: ApiContext, intervalMs = INTERVAL_MS): void {
  let running: Promise<void> = Promise.resolve();
  const forget = async (): Promise<void> => {
    try {
      const forgotten = await pruneIdempotencyKeys(db, settings.idempotencyKeyHours * 3_600_000);
      if (forgotten > 0) app.log.info({ forgotten }, 'old idempotency keys forgotten');
    } catch (error) {
      app.log.warn(
        { reason: String(error) },
        'old idempotency keys could not be forgotten; tried again later',
      );
    }
  };
  const timer = setInterval(() => {
    running = running.then(forget);
  }, intervalMs);
  timer.unref();
  app.addHook('onClose', async () => {
    clearInterval(timer);
    await running;
  });
}
