import { randomUUID } from 'node:crypto';

/** An instant, as a Date or in ISO 8601. */
type Instant = Date | string;

/** Columns of `schedules`. A JSON column takes any JSON value; null is SQL NULL. */
export interface ScheduleColumns {
  readonly id?: string;
  readonly client?: string;
  readonly key?: string;
  readonly recurrence?: unknown;
  readonly time_zone?: string;
  readonly start_at?: Instant | null;
  readonly end_at?: Instant | null;
  readonly max_occurrences?: number | null;
  readonly jitter_ms?: number | null;
  readonly overlap?: string;
  readonly catch_up?: string;
  readonly catch_up_window_ms?: number;
  readonly catch_up_spacing_ms?: number;
  readonly expires_after_ms?: number | null;
  readonly callback_type?: string;
  readonly callback_config?: unknown;
  readonly retry?: unknown;
  readonly metadata?: unknown;
  readonly pause_after_failures?: number | null;
  readonly failures_from?: Instant;
  readonly paused_at?: Instant | null;
  readonly paused_until?: Instant | null;
  readonly pause_reason?: string | null;
  readonly cursor_at?: Instant;
  readonly next_at?: Instant | null;
  readonly materialize_at?: Instant | null;
  readonly time_zone_data?: string | null;
}

export interface ScheduleFactory {
  /** Stores a schedule and returns its id. */
  create(columns?: ScheduleColumns): Promise<string>;
  /** Stores schedules with one statement and returns their ids in the same order. */
  createMany(rows: readonly ScheduleColumns[]): Promise<string[]>;
}

/** By default, an HTTP callback every second from now on, which no pass has looked at. */
function completeRow(columns: ScheduleColumns) {
  const id = columns.id ?? randomUUID();
  const now = new Date();
  const { callback_type: type = 'http', cursor_at: cursorAt = now } = columns;
  return {
    id,
    client: 'test',
    key: `schedule-${id}`,
    revision: 1,
    fence: 0,
    recurrence: { every_ms: 1_000 },
    time_zone: 'UTC',
    overlap: 'allow',
    catch_up: 'latest',
    catch_up_window_ms: 86_400_000,
    catch_up_spacing_ms: 100,
    callback_type: type,
    callback_config: type === 'http' ? { type, url: 'http://receiver.test/' } : { type, topic: 'test' },
    failures_from: now,
    cursor_at: cursorAt,
    next_at: cursorAt,
    materialize_at: now,
    occurrences: 0,
    created_at: now,
    updated_at: now,
    ...columns,
  };
}

/**
 * Makes schedules for tests by writing to the table. Unlike the API, it can store schedules that have missed occurrences.
 *
 * @param query runs a statement on a database with the newest schema
 */
export function scheduleFactory(
  query: (text: string, values: unknown[]) => Promise<unknown>,
): ScheduleFactory {
  const createMany = async (rows: readonly ScheduleColumns[]): Promise<string[]> => {
    const schedules = rows.map(completeRow);
    const names = [...new Set(schedules.flatMap((schedule) => Object.keys(schedule)))].join(', ');
    await query(
      `INSERT INTO schedules (${names}) SELECT ${names} FROM json_populate_recordset(NULL::schedules, $1::json)`,
      [JSON.stringify(schedules)],
    );
    return schedules.map(({ id }) => id);
  };
  return {
    createMany,
    create: async (columns = {}) => {
      const [id] = await createMany([columns]);
      if (id === undefined) throw new Error('no schedule was stored');
      return id;
    },
  };
}
