import { epochMs } from '../sql-fragments.ts';

/** Pause and limits of a destination. Instants are milliseconds since 1970. */
export interface DestinationSettingsRow {
  readonly destination: string;
  readonly pausedMs: number | null;
  readonly pauseNote: string | null;
  readonly ratePerSecond: number | null;
  readonly maxInFlight: number | null;
  readonly updatedMs: number;
  readonly updatedBy: string;
}

/** The columns of {@link DestinationSettingsRow}. */
export const DESTINATION_SETTINGS_COLUMNS = `destination, ${epochMs('paused_at')} AS "pausedMs", pause_note AS "pauseNote",
  rate_per_second AS "ratePerSecond", max_in_flight AS "maxInFlight", ${epochMs('updated_at')} AS "updatedMs",
  updated_by AS "updatedBy"`;
