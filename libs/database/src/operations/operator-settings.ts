import { type Database, statement } from '../connect.ts';

/** What operators have set for a destination. */
export interface DestinationSettingsRow {
  readonly destination: string;
  readonly isPaused: boolean;
  /** Attempts that may start per second, by all dispatchers together. */
  readonly ratePerSecond: number | null;
  /** Attempts that may be under way, by all dispatchers together. */
  readonly maxInFlight: number | null;
}

/** What a dispatcher follows: the settings, and its place among those that share the limits. */
export interface OperatorSettingsResult {
  readonly destinations: readonly DestinationSettingsRow[];
  /** Dispatchers with a lease, this one included. */
  readonly dispatchers: number;
  /** How many of them have a lower id. */
  readonly rank: number;
}

const READ = statement(
  'operator-settings',
  `SELECT (SELECT count(*)::integer FROM dispatchers WHERE id <> $1) + 1 AS dispatchers,
     (SELECT count(*)::integer FROM dispatchers WHERE id < $1) AS rank,
     COALESCE((
       SELECT json_agg(json_build_object('destination', destination, 'isPaused', paused_at IS NOT NULL,
         'ratePerSecond', rate_per_second, 'maxInFlight', max_in_flight))
       FROM destination_settings
       WHERE paused_at IS NOT NULL OR rate_per_second IS NOT NULL OR max_in_flight IS NOT NULL), '[]') AS destinations`,
);

/** Reads what operators have set, for the dispatcher with this id. */
export async function readOperatorSettings(
  db: Database,
  dispatcherId: string,
): Promise<OperatorSettingsResult> {
  const [row] = await db.rows<OperatorSettingsResult>(READ, [dispatcherId]);
  if (row === undefined) throw new Error('the settings of destinations were not returned');
  return row;
}
