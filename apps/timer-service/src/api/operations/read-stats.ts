import type { Stats } from '@timer-platform/callback-types';
import {
  type Database,
  databaseNow,
  listDispatchers,
  listDispatchMinutes,
  oldestDueAge,
} from '@timer-platform/database';
import { countDispatchers } from './present-dispatcher.ts';
import type { CountsReader } from './read-counts.ts';
import { fillMinutes, sumLastMinutes } from './summarize-minutes.ts';

/** Minutes that are returned. */
const MINUTES = 60;

/** Reads everything that `GET /stats` returns. */
export async function readStats(db: Database, counts: CountsReader): Promise<Stats> {
  const [nowMs, { counts: byState, due }, ageMs, minutes, dispatchers] = await Promise.all([
    databaseNow(db),
    counts(),
    oldestDueAge(db),
    listDispatchMinutes(db, MINUTES),
    listDispatchers(db),
  ]);
  return {
    now: new Date(nowMs).toISOString(),
    counts: byState,
    due,
    oldest_due_age_ms: ageMs > 0 ? Math.round(ageMs) : null,
    minutes: fillMinutes(minutes, nowMs, MINUTES),
    last_5_minutes: sumLastMinutes(minutes, nowMs),
    dispatchers: countDispatchers(dispatchers),
  };
}
