import { randomUUID } from 'node:crypto';

/** An instant, as a Date or in ISO 8601. */
type Instant = Date | string;

/** Columns of `timers`. A JSON column takes any JSON value; null is SQL NULL. */
export interface TimerColumns {
  readonly created_at?: Instant;
  readonly updated_at?: Instant;
  readonly execute_at?: Instant;
  readonly next_attempt_at?: Instant | null;
  readonly attempted_at?: Instant | null;
  readonly executed_at?: Instant | null;
  readonly expires_at?: Instant | null;
  readonly status?: string;
  readonly callback_type?: string;
  readonly callback_config?: unknown;
  readonly metadata?: unknown;
  readonly retry?: unknown;
  readonly attempts?: number;
  readonly attempts_forgiven?: number;
  readonly claims?: number;
  readonly revision?: number;
  readonly due_since?: Instant | null;
  readonly retry_from?: Instant | null;
  readonly lost_claims?: number;
  readonly last_error?: string | null;
}

export interface TimerFactory {
  /** Stores a timer and returns its id. */
  create(columns?: TimerColumns): Promise<string>;
  /** Stores timers with one statement and returns their ids in the same order. */
  createMany(rows: readonly TimerColumns[]): Promise<string[]>;
}

const HOUR_MS = 3_600_000;
const DAY_MS = 24 * HOUR_MS;

/** By default, a pending timer with an HTTP callback that is due in an hour. */
function completeRow(columns: TimerColumns) {
  const now = Date.now();
  const { execute_at: executeAt = new Date(now + HOUR_MS), callback_type: type = 'http' } = columns;
  const executeAtMs = new Date(executeAt).getTime();
  return {
    id: randomUUID(),
    // The table has a CHECK that execute_at is after created_at.
    created_at: new Date(executeAtMs > now ? now : executeAtMs - DAY_MS),
    updated_at: new Date(now),
    execute_at: executeAt,
    status: 'pending',
    callback_type: type,
    callback_config: type === 'http' ? { type, url: 'http://receiver.test/' } : { type, topic: 'test' },
    attempts: 0,
    attempts_forgiven: 0,
    claims: 0,
    lost_claims: 0,
    revision: 0,
    ...columns,
  };
}

/**
 * Makes timers for tests by writing to the table. Unlike the API, it can store timers in the past and in any state.
 *
 * @param query runs a statement on a database with the newest schema
 */
export function timerFactory(query: (text: string, values: unknown[]) => Promise<unknown>): TimerFactory {
  const createMany = async (rows: readonly TimerColumns[]): Promise<string[]> => {
    const timers = rows.map(completeRow);
    const names = [...new Set(timers.flatMap((timer) => Object.keys(timer)))].join(', ');
    await query(
      `INSERT INTO timers (${names}) SELECT ${names} FROM json_populate_recordset(NULL::timers, $1::json)`,
      [JSON.stringify(timers)],
    );
    return timers.map(({ id }) => id);
  };
  return {
    createMany,
    create: async (columns = {}) => {
      const [id] = await createMany([columns]);
      if (id === undefined) throw new Error('no timer was stored');
      return id;
    },
  };
}
