import { type Database, statement } from '../connect.ts';
import { DUE_AT, IS_PARKED } from '../sql-fragments.ts';
import { REPEATABLE, SAMPLE } from './page-sample.ts';

/** Rows of `timers`, all or those of a sample. */
export interface StateCounts {
  /** Includes those that are executing and those that wait for a paused destination. */
  readonly pending: number;
  /** Rows with the status executing: of services that claim otherwise. */
  readonly markedExecuting: number;
  readonly completed: number;
  readonly failed: number;
  readonly canceled: number;
  readonly paused: number;
  /** Pending and due; includes those that are executing. */
  readonly due: number;
}

const counted = (condition: string): string => `count(*) FILTER (WHERE ${condition})::double precision`;

export const SAMPLE_STATES = statement(
  'sample-states',
  `SELECT ${counted("status = 'pending'")} AS pending, ${counted("status = 'executing'")} AS "markedExecuting",
     ${counted("status = 'completed'")} AS completed, ${counted("status = 'failed'")} AS failed,
     ${counted("status = 'canceled'")} AS canceled, ${counted(IS_PARKED)} AS paused,
     ${counted(`status = 'pending' AND ${DUE_AT} <= now()`)} AS due
   FROM timers ${SAMPLE} ($1) ${REPEATABLE}`,
);

/**
 * Counts the rows of whole pages chosen at random.
 *
 * @param percent part of the pages of the table; 100: all of them
 */
export async function sampleStates(db: Database, percent: number): Promise<StateCounts> {
  const [row] = await db.rows<StateCounts & { pending: number }>(SAMPLE_STATES, [percent]);
  if (row === undefined) throw new Error('the statement returned no row');
  return row;
}
