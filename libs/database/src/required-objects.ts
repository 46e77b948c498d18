import { type Database, statement } from './connect.ts';
import type { Schema } from './schema.ts';

type Columns = { readonly [Table in keyof Schema]: Readonly<Record<keyof Schema[Table], true>> };

/** Every column of the row types: the compiler finds a column that is missing here. */
const COLUMNS: Columns = {
  timers: {
    id: true,
    created_at: true,
    updated_at: true,
    execute_at: true,
    status: true,
    last_error: true,
    executed_at: true,
    metadata: true,
    callback_type: true,
    callback_config: true,
    attempts: true,
    next_attempt_at: true,
    attempted_at: true,
    claims: true,
    lost_claims: true,
    attempts_forgiven: true,
    retry: true,
    expires_at: true,
    callback_bytes: true,
    revision: true,
    due_since: true,
    retry_from: true,
    client: true,
    key: true,
    schedule_id: true,
    scheduled_for: true,
    origin: true,
    withdrawn: true,
    paused_for: true,
  },
  dispatchers: { id: true, name: true, started_at: true, heartbeat_at: true, heartbeats: true },
  claim_batches: {
    id: true,
    dispatcher: true,
    claimed_at: true,
    due_from: true,
    due_to: true,
    timer_ids: true,
    tokens: true,
  },
  timer_attempts: {
    timer_id: true,
    number: true,
    due_at: true,
    started_at: true,
    finished_at: true,
    status_code: true,
    error: true,
  },
  idempotency_keys: { client: true, key: true, request_hash: true, timer_ids: true, created_at: true },
  installation_settings: {
    only_row: true,
    encrypts_headers: true,
    delivers_nats: true,
    egress_policy: true,
    nats_max_payload: true,
  },
  schedules: {
    id: true,
    client: true,
    key: true,
    revision: true,
    fence: true,
    recurrence: true,
    time_zone: true,
    start_at: true,
    end_at: true,
    max_occurrences: true,
    jitter_ms: true,
    overlap: true,
    catch_up: true,
    catch_up_window_ms: true,
    catch_up_spacing_ms: true,
    expires_after_ms: true,
    callback_type: true,
    callback_config: true,
    callback_bytes: true,
    retry: true,
    metadata: true,
    pause_after_failures: true,
    failures_from: true,
    paused_at: true,
    paused_until: true,
    pause_note: true,
    pause_reason: true,
    resumed_at: true,
    resume_catch_up: true,
    cursor_at: true,
    next_at: true,
    buffered_for: true,
    catch_up_until: true,
    skipping_from: true,
    materialize_at: true,
    occurrences: true,
    time_zone_data: true,
    created_at: true,
    updated_at: true,
  },
  schedule_skips: {
    schedule_id: true,
    scheduled_for: true,
    until: true,
    count: true,
    reason: true,
    at: true,
  },
  destination_settings: {
    destination: true,
    paused_at: true,
    pause_note: true,
    rate_per_second: true,
    max_in_flight: true,
    updated_at: true,
    updated_by: true,
  },
  dispatcher_reports: { dispatcher: true, reported_at: true, report: true },
  dispatch_minutes: {
    minute: true,
    dispatcher: true,
    delivered: true,
    retried: true,
    failed: true,
    deferred: true,
    lateness: true,
  },
  console_sessions: {
    token_sha256: true,
    key_name: true,
    key_check: true,
    created_at: true,
    expires_at: true,
  },
  operator_actions: {
    id: true,
    at: true,
    client: true,
    action: true,
    target: true,
    request: true,
    affected: true,
    undo_of: true,
    undone_at: true,
  },
  operator_action_timers: {
    action_id: true,
    timer_id: true,
    revision: true,
    execute_at: true,
    next_attempt_at: true,
    due_since: true,
    changed_at: true,
  },
};

/** The functions that statements call. */
export const FUNCTIONS = [
  'lock_unclaimed_timer(uuid)',
  'claimed_timers(timestamptz, timestamptz)',
  'newly_claimed_timers(timestamptz, timestamptz, bigint[])',
  'withdraw_occurrences(uuid, timestamptz)',
  'timer_destination(jsonb)',
] as const;

const MISSING = statement(
  'missing-objects',
  `SELECT relation || '.' || name AS missing
   FROM unnest($1::text[], $2::text[]) AS required (relation, name)
   WHERE NOT EXISTS (
     SELECT FROM pg_attribute WHERE attrelid = to_regclass(relation) AND attname = name AND NOT attisdropped)
   UNION ALL
   SELECT name FROM unnest($3::text[]) AS required (name) WHERE to_regprocedure(name) IS NULL`,
);

/** Lists the columns and functions that this code uses and the database does not have. */
export async function findMissingObjects(db: Database): Promise<string[]> {
  const columns = Object.entries(COLUMNS).flatMap(([table, names]) =>
    Object.keys(names).map((name) => [table, name] as const),
  );
  const rows = await db.rows<{ missing: string }>(MISSING, [
    columns.map(([table]) => table),
    columns.map(([, name]) => name),
    FUNCTIONS,
  ]);
  return rows.map(({ missing }) => missing);
}
