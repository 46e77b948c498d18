import { type Database, statement } from './connect.ts';

/** What the functions that schedule timers with SQL must know of the service. */
export interface InstallationSettings {
  readonly encryptsHeaders: boolean;
  readonly deliversNats: boolean;
}

const RECORD = statement(
  'record-installation-settings',
  `INSERT INTO installation_settings AS recorded (encrypts_headers, delivers_nats) VALUES ($1, $2)
   ON CONFLICT (only_row) DO UPDATE SET encrypts_headers = $1, delivers_nats = $2
   WHERE (recorded.encrypts_headers, recorded.delivers_nats) <> ($1, $2)`,
);

/** Records the settings of the service that starts. The last one to start decides. */
export async function recordInstallationSettings(
  db: Database,
  { encryptsHeaders, deliversNats }: InstallationSettings,
): Promise<void> {
  await db.rows(RECORD, [encryptsHeaders, deliversNats]);
}
