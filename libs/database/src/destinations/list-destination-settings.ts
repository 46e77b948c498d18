import { type Database, statement } from '../connect.ts';
import { DESTINATION_SETTINGS_COLUMNS, type DestinationSettingsRow } from './destination-settings-row.ts';

const LIST = statement(
  'list-destination-settings',
  `SELECT ${DESTINATION_SETTINGS_COLUMNS} FROM destination_settings
   WHERE $1::text IS NULL OR destination = $1 ORDER BY destination`,
);

/** Returns the settings of every destination that has some, or of one. */
export async function listDestinationSettings(
  db: Database,
  destination?: string,
): Promise<DestinationSettingsRow[]> {
  return db.rows<DestinationSettingsRow & { destination: string }>(LIST, [destination ?? null]);
}
