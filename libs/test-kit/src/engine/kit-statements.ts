import pg from 'pg';
import { type CallbackTarget, NAME_HEADER } from '../callback-selector.ts';
import type { ScheduledTimer } from '../protocol.ts';

/** A timer that is due, or will be. */
export interface UpcomingTimer extends CallbackTarget {
  readonly id: string;
  /** Milliseconds since 1970, rounded up. */
  readonly dueMs: number;
}

const DUE_AT = 'COALESCE(next_attempt_at, execute_at)';
/** What the API also prints. */
const ISO = `'YYYY-MM-DD"T"HH24:MI:SS.MS"Z"'`;

const UPCOMING = {
  name: 'upcoming',
  text: `SELECT id, ceil(extract(epoch FROM ${DUE_AT}) * 1000)::float8 AS "dueMs",
       callback_config ->> 'url' AS url,
       CASE callback_type WHEN 'nats' THEN concat_ws('.', callback_config ->> 'topic', callback_config ->> 'key') END AS subject,
       callback_config -> 'headers' ->> '${NAME_HEADER}' AS name
     FROM timers WHERE status = 'pending' AND ${DUE_AT} <= to_timestamp($1::float8 / 1000)
     ORDER BY ${DUE_AT} LIMIT $2`,
};

const NEXT_SCHEDULE = {
  name: 'next-schedule',
  text: 'SELECT ceil(extract(epoch FROM min(materialize_at)) * 1000)::float8 AS "atMs" FROM schedules',
};

const PENDING = `SELECT timers.id, status, to_char(execute_at AT TIME ZONE 'UTC', ${ISO}) AS execute_at,
     to_char(CASE WHEN next_attempt_at = 'infinity' THEN COALESCE(due_since, execute_at) ELSE ${DUE_AT} END
       AT TIME ZONE 'UTC', ${ISO}) AS due_at, attempts, last_error,
     to_jsonb(timers) ->> 'key' AS key, metadata, callback_config AS callback
   FROM timers WHERE status = 'pending' ORDER BY ${DUE_AT}, created_at LIMIT 10000`;

const CLAIMS = `SELECT
     (count(*) FILTER (WHERE status IN ('executing', 'completed', 'failed')))::integer AS claimed,
     (count(*) FILTER (WHERE status = 'pending' AND due_at <= to_timestamp($2::float8 / 1000)))::integer AS unclaimed
   FROM timer_states WHERE id = ANY($1)`;

const MOVE = {
  name: 'move-clock',
  text: 'UPDATE virtual_clock SET instant = to_timestamp($1::float8 / 1000)',
};

const DEFAULT_TIMEOUT_MS = 30_000;
const TIMEOUT = `SELECT COALESCE((callback_config ->> 'timeout_ms')::float8, ${DEFAULT_TIMEOUT_MS}) AS timeout
   FROM timers WHERE id::text = $1`;

const PRUNE_KEYS = `DELETE FROM idempotency_keys WHERE created_at < now() - $1::float8 * interval '1 millisecond'`;

/** The kit's own statements, on one connection of its own. */
export class KitStatements {
  readonly #client: pg.Client;

  private constructor(client: pg.Client) {
    this.#client = client;
  }

  static async connect(url: string): Promise<KitStatements> {
    const client = new pg.Client({ connectionString: url, application_name: 'timer test kit' });
    // The next statement reports a connection that broke.
    client.on('error', () => undefined);
    await client.connect();
    return new KitStatements(client);
  }

  async moveClock(toMs: number): Promise<void> {
    await this.#client.query({ ...MOVE, values: [toMs] });
  }

  /** The next pending timers that are due until an instant, in due order. Claimed timers are among them. */
  async upcoming(untilMs: number, limit: number): Promise<UpcomingTimer[]> {
    const { rows } = await this.#client.query<UpcomingTimer>({ ...UPCOMING, values: [untilMs, limit] });
    return rows;
  }

  /** When the next schedule creates timers, in milliseconds since 1970 and rounded up; infinite without one. */
  async nextScheduleMs(): Promise<number> {
    const { rows } = await this.#client.query<{ atMs: number | null }>(NEXT_SCHEDULE);
    return rows[0]?.atMs ?? Number.POSITIVE_INFINITY;
  }

  /** How many of these timers have been claimed, and how many are still to be until an instant. */
  async claims(
    ids: readonly string[],
    untilMs: number,
  ): Promise<{ readonly claimed: number; readonly unclaimed: number }> {
    const { rows } = await this.#client.query<{ claimed: number; unclaimed: number }>(CLAIMS, [ids, untilMs]);
    return rows[0] ?? { claimed: 0, unclaimed: 0 };
  }

  async pending(): Promise<ScheduledTimer[]> {
    return (await this.#client.query<ScheduledTimer>(PENDING)).rows;
  }

  /** How long an attempt waits for a response, in milliseconds. */
  async timeoutOf(timerId: string): Promise<number> {
    const { rows } = await this.#client.query<{ timeout: number }>(TIMEOUT, [timerId]);
    return rows[0]?.timeout ?? DEFAULT_TIMEOUT_MS;
  }

  async pruneIdempotencyKeys(olderThanMs: number): Promise<void> {
    await this.#client.query(PRUNE_KEYS, [olderThanMs]);
  }

  /** Deletes everything that is stored. No service may run. */
  async clear(): Promise<void> {
    await this.#client.query(
      `TRUNCATE timers, timer_attempts, claim_batches, idempotency_keys, dispatchers, schedules, schedule_skips,
         destination_settings, dispatch_minutes, console_sessions, operator_actions
       RESTART IDENTITY CASCADE`,
    );
  }

  async close(): Promise<void> {
    await this.#client.end();
  }
}
