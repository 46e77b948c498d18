import { setTimeout as delay } from 'node:timers/promises';
import type { Database } from '@timer-platform/database';
import { queryWithRetries } from './query-with-retries.ts';
import type { FailedAttempt } from './verdict.ts';

const POLL_MS = 200;
const IS_UNFINISHED = `status IN ('pending', 'executing')`;

/** An unfinished timer that is not due by the clock of PostgreSQL. */
export interface WaitingTimer {
  readonly id: string;
  /** When it is due, in milliseconds by that clock. */
  readonly dueMs: number;
}

/** Reads the timers that are not due. */
export async function waitingTimers(db: Database): Promise<WaitingTimer[]> {
  const rows = await queryWithRetries<{ id: string; due_at: Date }>(
    db,
    `SELECT id, due_at FROM timer_states WHERE ${IS_UNFINISHED} AND due_at > clock_timestamp()`,
  );
  return rows.map(({ id, due_at }) => ({ id, dueMs: due_at.getTime() }));
}

/**
 * Waits until no timer is claimed that is not about to start: it cannot be canceled in the meantime. After the clock was
 * set back, dispatchers release such claims, and those of a killed one are rescued. Describes up to five that are not.
 */
export function waitUntilNoneHeld(db: Database, withinMs: number): Promise<string[]> {
  return waitWhile(
    db,
    withinMs,
    `AND status = 'executing' AND due_at > clock_timestamp() + interval '5 seconds'`,
  );
}

/** Waits until every timer that is due is finished. Describes up to five that are not finished in time. */
export function waitUntilDueFinished(db: Database, withinMs: number): Promise<string[]> {
  return waitWhile(db, withinMs, 'AND due_at <= clock_timestamp()');
}

/** Waits until every timer is finished. Describes up to five that are not finished in time. */
export function waitUntilFinished(db: Database, withinMs: number): Promise<string[]> {
  return waitWhile(db, withinMs, '');
}

async function waitWhile(db: Database, withinMs: number, condition: string): Promise<string[]> {
  const deadline = performance.now() + withinMs;
  for (;;) {
    const rows = await queryWithRetries<{ id: string; status: string }>(
      db,
      `SELECT id, status FROM timer_states WHERE ${IS_UNFINISHED} ${condition} LIMIT 5`,
    );
    if (rows.length === 0) return [];
    if (performance.now() > deadline) return rows.map(({ id, status }) => `timer ${id} is still ${status}`);
    await delay(POLL_MS);
  }
}

/** Reads the failed attempts that the services have recorded. */
export async function failedAttempts(db: Database): Promise<FailedAttempt[]> {
  const rows = await queryWithRetries<{
    timer_id: string;
    number: number;
    started_at: Date;
    finished_at: Date;
  }>(db, 'SELECT timer_id, number, started_at, finished_at FROM timer_attempts');
  return rows.map((row) => ({
    timerId: row.timer_id,
    number: row.number,
    startedMs: row.started_at.getTime(),
    finishedMs: row.finished_at.getTime(),
  }));
}

/** Counts timers by status; a status without timers is absent. */
export async function statusCounts(db: Database): Promise<Readonly<Record<string, number>>> {
  const rows = await queryWithRetries<{ status: string; count: number }>(
    db,
    'SELECT status, count(*)::integer AS count FROM timer_states GROUP BY status',
  );
  return Object.fromEntries(rows.map(({ status, count }) => [status, count]));
}

/** Reads when each completed timer was marked completed, in Unix milliseconds by id. */
export async function completedTimers(db: Database): Promise<ReadonlyMap<string, number>> {
  const rows = await queryWithRetries<{ id: string; updated_at: Date }>(
    db,
    `SELECT id, updated_at FROM timers WHERE status = 'completed'`,
  );
  return new Map(rows.map(({ id, updated_at }) => [id, updated_at.getTime()]));
}
