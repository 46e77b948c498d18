import {
  describeSession,
  type MigrationSession,
  queryRow,
  queryRows,
  sessionSchema,
} from '@timer-platform/migrations';
import { z } from 'zod';

/** Older transactions delay the index and keep the space of old row versions from being reused. */
const LONG_TRANSACTION_SECONDS = 60;

const FIND_LONG_TRANSACTIONS = `
SELECT pid, usename AS role, application_name AS application, backend_type, state, query,
       extract(epoch FROM clock_timestamp() - xact_start)::float8 AS age_seconds
FROM pg_stat_activity
WHERE datname = current_database() AND pid <> pg_backend_pid() AND clock_timestamp() - xact_start > make_interval(secs => $1)
ORDER BY xact_start`;

const MEASURE = `
SELECT pg_size_pretty(pg_total_relation_size('timers')) AS size,
  (SELECT count(*) FROM pg_prepared_xacts WHERE database = current_database()) AS prepared,
  (SELECT count(*) FROM pg_replication_slots WHERE NOT active) AS idle_slots`;

const measureSchema = z.object({
  size: z.string(),
  prepared: z.coerce.number(),
  idle_slots: z.coerce.number(),
});

/** Notices for the operator before the start, a line each. None of them stops the migration. */
export async function preflight(session: MigrationSession): Promise<string[]> {
  const found = await queryRow(session.client, measureSchema, MEASURE);
  const old = await queryRows(session.client, sessionSchema, FIND_LONG_TRANSACTIONS, [
    LONG_TRANSACTION_SECONDS,
  ]);
  const notices = [
    `timers takes ${found.size} with its indexes; at least twice that must be free, and as much again for WAL`,
  ];
  if (found.prepared > 0)
    notices.push(`${found.prepared} prepared transactions are open; the index waits until they end`);
  if (found.idle_slots > 0)
    notices.push(`${found.idle_slots} replication slots have no consumer; WAL accumulates for them`);
  for (const session of old) notices.push(`a long transaction delays the index: ${describeSession(session)}`);
  return notices;
}
