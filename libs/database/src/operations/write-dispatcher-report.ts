import { type Database, statement } from '../connect.ts';
import { isForeignKeyViolation } from '../postgres-error.ts';
import { NOT_DURABLE } from '../sql-fragments.ts';
import type { DispatcherReport } from './dispatcher-report.ts';

const WRITE = statement(
  'write-dispatcher-report',
  `INSERT INTO dispatcher_reports (dispatcher, report)
   SELECT $1, $2::jsonb FROM (SELECT ${NOT_DURABLE}) AS setting
   ON CONFLICT (dispatcher) DO UPDATE SET reported_at = clock_timestamp(), report = EXCLUDED.report`,
);

/** Replaces the report of a dispatcher. Has no effect if it holds no lease. */
export async function writeDispatcherReport(
  db: Database,
  dispatcherId: string,
  report: DispatcherReport,
): Promise<void> {
  try {
    // PostgreSQL cannot store U+0000, and errors may come from receivers.
    await db.rows(WRITE, [dispatcherId, JSON.stringify(report).replaceAll('\\u0000', '\\ufffd')]);
  } catch (error) {
    if (!isForeignKeyViolation(error, 'dispatcher_reports_dispatcher_fkey')) throw error;
  }
}
