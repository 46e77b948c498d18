import {
  describeSession,
  findDependentObjects,
  MigrationError,
  type MigrationSession,
  queryRow,
  queryRows,
  sessionSchema,
} from '@timer-platform/migrations';
import { z } from 'zod';
import { areEncrypted } from './callback-shapes.ts';
import { checkFreeDisk } from './free-disk.ts';

/** Older transactions delay the index and keep the space of old row versions from being reused. */
const LONG_TRANSACTION_SECONDS = 60;

const FIND_LONG_TRANSACTIONS = `
SELECT pid, usename AS role, application_name AS application, backend_type, state, query,
       extract(epoch FROM clock_timestamp() - xact_start)::float8 AS age_seconds
FROM pg_stat_activity
WHERE datname = current_database() AND pid <> pg_backend_pid() AND clock_timestamp() - xact_start > make_interval(secs => $1)
ORDER BY xact_start`;

const COUNT_OBSTACLES = `
SELECT (SELECT count(*) FROM pg_prepared_xacts WHERE database = current_database()) AS prepared,
  (SELECT count(*) FROM pg_replication_slots WHERE NOT active) AS idle_slots`;

const obstaclesSchema = z.object({ prepared: z.coerce.number(), idle_slots: z.coerce.number() });

/** Reads every row, but neither locks nor writes. */
const CHECK_ROWS = `
SELECT count(*) FILTER (WHERE encrypted) AS encrypted, min(id::text) FILTER (WHERE encrypted) AS encrypted_example,
  count(*) FILTER (WHERE infinite) AS infinite, min(id::text) FILTER (WHERE infinite) AS infinite_example
FROM (SELECT id, ${areEncrypted('callback_headers')} AS encrypted,
             NOT (isfinite(execute_at) AND isfinite(created_at)) AS infinite FROM timers) AS checked`;

const rowsSchema = z.object({
  encrypted: z.coerce.number(),
  encrypted_example: z.string().nullable(),
  infinite: z.coerce.number(),
  infinite_example: z.string().nullable(),
});

async function checkRows({ client }: MigrationSession): Promise<string[]> {
  const found = await queryRow(client, rowsSchema, CHECK_ROWS);
  if (found.encrypted > 0) {
    throw new MigrationError(
      'failed',
      `${found.encrypted} timers have encrypted headers, for example ${found.encrypted_example ?? ''}. The first service sends them without these headers, and version 1 cannot decrypt them; restore the headers from a backup, or stop the first service, apply 002 with \`npx nx run migrator:migrate -- --to 8 --allow-blocking\` and stay at the new version`,
    );
  }
  if (found.infinite === 0) return [];
  return [
    `${found.infinite} timers have an infinite execute_at or created_at, for example ${found.infinite_example ?? ''}: they are never due, and the API shows the instant as "infinity"`,
  ];
}

export interface PreflightOptions {
  /** Start although the disk is known to be too small. */
  readonly ignoreFreeDisk?: boolean | undefined;
}

/**
 * Checks before the start. Returns notices for the operator, a line each.
 *
 * @throws MigrationError `failed` when rows prevent the start, `not-confirmed` when the disk is too small
 */
export async function preflight(session: MigrationSession, options: PreflightOptions): Promise<string[]> {
  const { client } = session;
  const notices = [
    await checkFreeDisk(client, options.ignoreFreeDisk === true),
    ...(await checkRows(session)),
  ];
  for (const object of await findDependentObjects(client))
    notices.push(`the contract drops columns that this object uses; drop it before: ${object}`);
  const obstacles = await queryRow(client, obstaclesSchema, COUNT_OBSTACLES);
  if (obstacles.prepared > 0)
    notices.push(`${obstacles.prepared} prepared transactions are open; the index waits until they end`);
  if (obstacles.idle_slots > 0)
    notices.push(`${obstacles.idle_slots} replication slots have no consumer; WAL accumulates for them`);
  const long = await queryRows(client, sessionSchema, FIND_LONG_TRANSACTIONS, [LONG_TRANSACTION_SECONDS]);
  for (const other of long) notices.push(`a long transaction delays the index: ${describeSession(other)}`);
  return notices;
}
