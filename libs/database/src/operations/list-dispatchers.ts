import { type Database, statement } from '../connect.ts';
import { epochMs } from '../sql-fragments.ts';
import { type DispatcherReport, dispatcherReportSchema } from './dispatcher-report.ts';

/** A dispatcher with its lease and its last report. Instants are milliseconds since 1970. */
export interface DispatcherRow {
  readonly id: string;
  readonly name: string;
  readonly startedMs: number;
  readonly heartbeatMs: number;
  /** When the row was read, by the clock of the database. */
  readonly nowMs: number;
  readonly reportedMs: number | null;
  /** null: there is none yet, or one of another version. */
  readonly report: DispatcherReport | null;
}

const LIST = statement(
  'list-dispatchers',
  `SELECT id, name, ${epochMs('started_at')} AS "startedMs", ${epochMs('heartbeat_at')} AS "heartbeatMs",
     ${epochMs('clock_timestamp()')} AS "nowMs", ${epochMs('reported_at')} AS "reportedMs", report
   FROM dispatchers LEFT JOIN dispatcher_reports ON dispatcher = id
   ORDER BY started_at, id LIMIT 1000`,
);

/** Returns the dispatchers that have a lease, oldest first. */
export async function listDispatchers(db: Database): Promise<DispatcherRow[]> {
  const rows = await db.rows<Omit<DispatcherRow, 'report'> & { id: string; report: unknown }>(LIST);
  return rows.map((row) => ({ ...row, report: dispatcherReportSchema.safeParse(row.report).data ?? null }));
}
