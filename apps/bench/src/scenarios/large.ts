import { setTimeout as delay } from 'node:timers/promises';
import { timerService } from '../contenders/timer-service.ts';
import type { BenchDatabase } from '../database/bench-server.ts';
import { peakResidentMib } from '../measure/process-usage.ts';
import { summarizeDurations } from '../measure/quantiles.ts';
import { countDeliveryErrors, latenessOf } from '../receiver/arrivals.ts';
import { type BenchEnvironment, checkpoint, waitUntilFinished, withContender } from './environment.ts';
import type { SteadyResult } from './steady.ts';

/** 1 MiB is the limit of the API; the rest of the body needs some of it. */
const TEXT_BYTES = 1_000_000;
const LEAD_MS = 2_000;
/** Generated in the server: sending gigabytes to it would take longer than the measurement. */
const STORE = `
  INSERT INTO timers (execute_at, callback_type, callback_config)
  SELECT to_timestamp($2::double precision / 1000), 'http', jsonb_build_object('type', 'http', 'url', $3::text,
    'payload', jsonb_build_object('n', n, 'dueMs', $2::double precision, 'text', repeat('0123456789', $4::integer / 10)))
  FROM generate_series($5::integer, $1::integer - 1) AS n`;
const ROWS_PER_STATEMENT = 100;
/** How long the slowest server needs to store a timer. */
const STORE_MS_PER_TIMER = 40;

async function storeLarge({ client }: BenchDatabase, url: string, timers: number): Promise<number> {
  const dueMs = Date.now() + LEAD_MS + timers * STORE_MS_PER_TIMER;
  for (let from = 0; from < timers; from += ROWS_PER_STATEMENT)
    await client.query(STORE, [Math.min(timers, from + ROWS_PER_STATEMENT), dueMs, url, TEXT_BYTES, from]);
  if (Date.now() > dueMs) throw new Error('storing the timers took too long: they are already due');
  return dueMs;
}

/** Measures timers with payloads of 1 MB that are all due at the same instant. */
export function runLarge(environment: BenchEnvironment, timers: number): Promise<SteadyResult> {
  const { receiver } = environment;
  return withContender(environment, timerService, async (running) => {
    const { database, process } = running;
    const dueMs = await storeLarge(database, receiver.target, timers);
    await checkpoint(database);
    await receiver.reset();
    await delay(Math.max(0, dueMs - Date.now()));
    const arrivals = await receiver.collect(timers);
    await waitUntilFinished(running);
    return {
      lateness: summarizeDurations(latenessOf(arrivals)),
      ...countDeliveryErrors(arrivals, timers),
      peakMib: peakResidentMib(process.pid),
    };
  });
}
