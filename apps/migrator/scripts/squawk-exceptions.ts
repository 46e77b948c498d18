/** A finding of squawk that is intended, and why. */
export interface Exception {
  /** Paths below migrations/; `*`: all numbered files and all of down/. */
  readonly files: readonly string[] | '*';
  readonly rule: string;
  readonly reason: string;
}

const BLOCKING =
  'declared with "-- blocking": the migrator refuses the file on a large table, which takes `online` or a stop';
const NO_TRANSACTION = [
  '004_index_due_timers.sql',
  '005_index_claimed_timers.sql',
  '006_index_failed_and_canceled_timers.sql',
  '010_index_nats_timers.sql',
  '012_index_suspects.sql',
  '013_index_deferred_timers.sql',
  '014_index_executing_timers.sql',
  '015_index_callback_types.sql',
  '016_index_idempotency_keys.sql',
  '019_index_pending_keys.sql',
  '020_index_keys.sql',
  '027_index_occurrences.sql',
  '028_index_pending_occurrences.sql',
  '030_index_paused_timers.sql',
  '031_index_delayed_timers.sql',
];

export const EXCEPTIONS: readonly Exception[] = [
  {
    files: '*',
    rule: 'require-lock-timeout',
    reason:
      'the migrator sets lock_timeout for each try, and longer ones for later tries; in the file it would be one value for all',
  },
  {
    files: '*',
    rule: 'require-statement-timeout',
    reason: 'VALIDATE and CREATE INDEX CONCURRENTLY take as long as the table needs, and block nobody',
  },
  {
    files: NO_TRANSACTION,
    rule: 'prefer-robust-stmts',
    reason:
      'IF NOT EXISTS would accept the INVALID index of an interrupted run; the migrator drops it and builds it again',
  },
  {
    files: ['001_create_timers.sql', '002_add_callback_types.sql'],
    rule: 'prefer-text-field',
    reason: 'the columns of the first service; their CHECK constraints list the values',
  },
  {
    files: ['002_add_callback_types.sql'],
    rule: 'adding-not-nullable-field',
    reason:
      'blocks as a whole: the migrator refuses it on a large table, and `online` takes steps that do not',
  },
  {
    files: ['002_add_callback_types.sql'],
    rule: 'constraint-missing-not-valid',
    reason: 'the same',
  },
  {
    files: ['002_add_callback_types.sql'],
    rule: 'require-concurrent-index-creation',
    reason: 'the same',
  },
  {
    files: ['002_add_callback_types.sql'],
    rule: 'ban-drop-column',
    reason: 'docs/migrating.md stops every client of the old columns before they are dropped',
  },
  {
    files: [
      '003_add_dispatch_state.sql',
      '011_claim_in_batches.sql',
      '026_add_schedules.sql',
      '029_add_operations.sql',
    ],
    rule: 'prefer-bigint-over-int',
    reason:
      'attempts, claims and changes of one timer or schedule, its bytes, an HTTP status and attempts under way never reach two billion',
  },
  {
    files: ['009_drop_unused_indexes.sql', '017_drop_replaced_indexes.sql'],
    rule: 'require-concurrent-index-deletion',
    reason:
      'dropping an index takes milliseconds once it has its lock, and lock_timeout bounds the wait for it',
  },
  {
    files: ['011_claim_in_batches.sql'],
    rule: 'ban-drop-column',
    reason: 'the file itself refuses to run while a dispatcher that uses the column is running',
  },
  {
    files: ['down/002_add_callback_types.sql'],
    rule: 'adding-not-nullable-field',
    reason: BLOCKING,
  },
  {
    files: [
      'down/009_drop_unused_indexes.sql',
      'down/011_claim_in_batches.sql',
      'down/017_drop_replaced_indexes.sql',
    ],
    rule: 'require-concurrent-index-creation',
    reason: BLOCKING,
  },
  {
    files: [
      'down/002_add_callback_types.sql',
      'down/003_add_dispatch_state.sql',
      'down/011_claim_in_batches.sql',
      'down/018_add_timer_keys.sql',
      'down/024_judge_destinations_in_sql.sql',
      'down/026_add_schedules.sql',
      'down/029_add_operations.sql',
    ],
    rule: 'ban-drop-column',
    reason: 'undoes ADD COLUMN; `down` prints the "-- loses" lines and asks for --accept-loss',
  },
  {
    files: [
      'down/003_add_dispatch_state.sql',
      'down/011_claim_in_batches.sql',
      'down/021_add_installation_settings.sql',
      'down/026_add_schedules.sql',
      'down/029_add_operations.sql',
    ],
    rule: 'ban-drop-table',
    reason: 'undoes CREATE TABLE; `down` prints the "-- loses" lines and asks for --accept-loss',
  },
];
