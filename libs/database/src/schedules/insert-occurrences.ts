import type { CallbackType, JsonValue, Origin } from '@timer-platform/callback-types';
import { type Database, statement } from '../connect.ts';
import { findRepeated, type IdempotencyKey, type Repeated } from '../timers/idempotency-key.ts';
import { GIVE_WAY_IF_WITHDRAWN } from './give-way-if-withdrawn.ts';
import type { ScheduleRow } from './schedule-row.ts';

/** An occurrence that a client asks for. */
export interface RequestedOccurrence {
  readonly id: string;
  /** Nominal instant, in milliseconds since 1970. */
  readonly scheduledForMs: number;
  /** When it is due, in milliseconds since 1970; at once if that has passed. */
  readonly executeAtMs: number;
  /** All headers of its callback, encrypted if there is a key. */
  readonly headers: JsonValue;
}

export interface InsertedOccurrence {
  readonly id: string;
  readonly created_at: Date;
  readonly execute_at: Date;
  readonly callback_type: CallbackType;
}

export type InsertOccurrencesResult =
  /** Those that did not exist, or had been withdrawn. */
  | { readonly outcome: 'inserted'; readonly occurrences: readonly InsertedOccurrence[] }
  | Repeated
  /** The schedule was edited, paused, resumed or deleted since it was read. Nothing was stored. */
  | { readonly outcome: 'schedule-changed' };

/**
 * The lock of the schedule puts the statement before or after an edit, a pause and a deletion, which withdraw what they
 * find.
 */
const INSERT = statement(
  'insert-occurrences',
  `WITH schedule AS MATERIALIZED (
     SELECT * FROM schedules
     WHERE id = $2 AND revision = $3 AND date_trunc('milliseconds', paused_at) IS NOT DISTINCT FROM $4::timestamptz
     FOR SHARE
   ), once AS (
     INSERT INTO idempotency_keys (client, key, request_hash, timer_ids)
     SELECT $6, $7::text, $8::bytea, $9::uuid[] FROM schedule WHERE $7::text IS NOT NULL
     ON CONFLICT DO NOTHING
     RETURNING key
   ), stored AS (
     INSERT INTO timers (id, execute_at, callback_type, callback_config, metadata, retry, expires_at, client, schedule_id,
       scheduled_for, origin)
     SELECT new.id, due.at, callback_type, jsonb_set(callback_config, '{headers}', new.headers), metadata, retry,
       due.at + expires_after_ms * interval '1 millisecond', client, schedule.id,
       to_timestamp(new.scheduled_ms / 1000.0), $5
     FROM schedule,
          json_to_recordset($1::json) AS new (
            id uuid, scheduled_ms double precision, execute_ms double precision, headers jsonb),
          LATERAL (SELECT GREATEST(to_timestamp(new.execute_ms / 1000.0), now() + interval '1 millisecond') AS at) AS due
     WHERE $7::text IS NULL OR EXISTS (SELECT FROM once)
     ${GIVE_WAY_IF_WITHDRAWN}
     RETURNING id, created_at, execute_at, callback_type
   )
   SELECT schedule.id IS NOT NULL AS found, stored.* FROM (SELECT) AS one
     LEFT JOIN schedule ON true LEFT JOIN stored ON true`,
);

type Row = { readonly found: boolean } & {
  readonly [Field in keyof InsertedOccurrence]: InsertedOccurrence[Field] | null;
};

/**
 * Stores occurrences of a schedule as it was read, durably. Those that exist are left alone.
 *
 * @param idempotency stores nothing if a request with this key was served before
 */
export async function insertOccurrences(
  db: Database,
  schedule: Pick<ScheduleRow, 'id' | 'revision' | 'paused_at'>,
  origin: Extract<Origin, 'backfill' | 'trigger'>,
  occurrences: readonly RequestedOccurrence[],
  idempotency?: IdempotencyKey,
): Promise<InsertOccurrencesResult> {
  const rows = await db.rows<Row>(INSERT, [
    JSON.stringify(occurrences.map(toRow)),
    schedule.id,
    schedule.revision,
    schedule.paused_at,
    origin,
    idempotency?.client ?? null,
    idempotency?.key ?? null,
    idempotency?.requestHash ?? null,
    occurrences.map(({ id }) => id),
  ]);
  const stored = rows.filter((row): row is Row & InsertedOccurrence => row.id !== null);
  if (stored.length > 0) return { outcome: 'inserted', occurrences: stored };
  const repeated = idempotency && (await findRepeated(db, idempotency));
  if (repeated !== undefined) return repeated;
  if (rows[0]?.found !== true) return { outcome: 'schedule-changed' };
  return { outcome: 'inserted', occurrences: [] };
}

function toRow({ id, scheduledForMs, executeAtMs, headers }: RequestedOccurrence) {
  return { id, scheduled_ms: scheduledForMs, execute_ms: executeAtMs, headers };
}

const EXISTING = statement(
  'count-existing-occurrences',
  'SELECT count(*)::integer AS count FROM timers WHERE id = ANY ($1::uuid[]) AND withdrawn IS NOT TRUE',
);

/** How many of these occurrences exist, without those that were withdrawn. */
export async function countExistingOccurrences(db: Database, ids: readonly string[]): Promise<number> {
  const [row] = await db.rows<{ count: number }>(EXISTING, [ids]);
  return row?.count ?? 0;
}
