import { z } from 'zod';
import { type Database, statement } from './connect.ts';

const egressPolicySchema = z.object({
  /** Ranges of addresses and their classes. The first range that contains an address decides; without one it is internal. */
  ranges: z.array(z.tuple([z.string(), z.string()]).readonly()).readonly(),
  /** A regular expression that JavaScript and PostgreSQL read alike. */
  loopback_names: z.string(),
  metadata_names: z.array(z.string()).readonly(),
  /** `port` null: every port that is not denied. */
  allowed: z
    .array(
      z.object({
        host: z.string().optional(),
        range: z.string().optional(),
        port: z.number().nullable(),
      }),
    )
    .readonly(),
  denied_ports: z.array(z.number()).readonly(),
  allow_loopback: z.boolean(),
});

/** The rules of {@link InstallationSettings.egressPolicy}, as the function timer_egress_issue reads them. */
export type RecordedEgressPolicy = z.infer<typeof egressPolicySchema>;

/** What the functions that schedule timers with SQL must know of the service. */
export interface InstallationSettings {
  readonly encryptsHeaders: boolean;
  readonly deliversNats: boolean;
  /** undefined: not known. */
  readonly egressPolicy: RecordedEgressPolicy | undefined;
  /** The largest message that the NATS server accepts, in bytes; undefined: not known. */
  readonly natsMaxPayload: number | undefined;
}

interface Row {
  readonly encrypts_headers: boolean;
  readonly delivers_nats: boolean;
  readonly egress_policy: unknown;
  readonly nats_max_payload: string | null;
}

/** The row as it was before the other part of the statement. */
const EARLIER =
  'SELECT encrypts_headers, delivers_nats, egress_policy, nats_max_payload FROM installation_settings';
const INSERT = `INSERT INTO installation_settings AS recorded (encrypts_headers, delivers_nats, egress_policy, nats_max_payload)
  VALUES ($1, $2, $3::jsonb, $4::bigint)`;

const RECORD_ALL = statement(
  'record-installation-settings',
  `WITH earlier AS (${EARLIER}), changed AS (
     ${INSERT}
     ON CONFLICT (only_row) DO UPDATE SET encrypts_headers = $1, delivers_nats = $2, egress_policy = $3::jsonb,
       nats_max_payload = COALESCE($4::bigint, recorded.nats_max_payload)
     WHERE (recorded.encrypts_headers, recorded.delivers_nats, recorded.egress_policy) IS DISTINCT FROM ($1, $2, $3::jsonb)
       OR recorded.nats_max_payload IS DISTINCT FROM COALESCE($4::bigint, recorded.nats_max_payload)
   )
   SELECT * FROM earlier`,
);

const RECORD_ENCRYPTION = statement(
  'record-header-encryption',
  `WITH earlier AS (${EARLIER}), changed AS (
     ${INSERT}
     ON CONFLICT (only_row) DO UPDATE SET encrypts_headers = TRUE WHERE $1 AND NOT recorded.encrypts_headers
   )
   SELECT * FROM earlier`,
);

/**
 * Records the settings of a process, for the functions that schedule timers with SQL. What can be delivered is recorded by
 * the processes that dispatch: the last one to record decides. One that does not dispatch records only that it encrypts
 * headers, or everything if nothing has been recorded. A `natsMaxPayload` that is not known keeps the recorded one.
 *
 * @param dispatches whether the process delivers timers
 * @returns what was recorded before; undefined if nothing was
 */
export async function recordInstallationSettings(
  db: Database,
  { encryptsHeaders, deliversNats, egressPolicy, natsMaxPayload }: InstallationSettings,
  dispatches: boolean,
): Promise<InstallationSettings | undefined> {
  const [row] = await db.rows<Row & Record<string, unknown>>(dispatches ? RECORD_ALL : RECORD_ENCRYPTION, [
    encryptsHeaders,
    deliversNats,
    egressPolicy === undefined ? null : JSON.stringify(egressPolicy),
    natsMaxPayload ?? null,
  ]);
  if (row === undefined) return undefined;
  return {
    encryptsHeaders: row.encrypts_headers,
    deliversNats: row.delivers_nats,
    // That of a later version may have another shape.
    egressPolicy: egressPolicySchema.safeParse(row.egress_policy).data,
    natsMaxPayload: row.nats_max_payload === null ? undefined : Number(row.nats_max_payload),
  };
}
