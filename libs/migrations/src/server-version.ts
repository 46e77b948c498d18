import type { ClientBase } from 'pg';
import { z } from 'zod';
import { MigrationError } from './migration-error.ts';
import { queryRow } from './query-rows.ts';

/**
 * The oldest PostgreSQL that the migrations, the migrator and the service run on; `migrator:check-versions` tries it. The
 * backfill of the online migration reads ranges of pages, and the service uses infinite numbers: both are new in 14.
 */
export const OLDEST_POSTGRES = 14;

/** `server_version_num` of a major version is this many times its number. */
const NUMBERS_PER_MAJOR_VERSION = 10_000;

/** @throws MigrationError `connection` when the server is older than {@link OLDEST_POSTGRES} */
export function assertSupportedVersion(versionNumber: number, version: string): void {
  if (versionNumber >= OLDEST_POSTGRES * NUMBERS_PER_MAJOR_VERSION) return;
  throw new MigrationError(
    'connection',
    `the server is PostgreSQL ${version}, and the migrations need ${OLDEST_POSTGRES} or newer; upgrade the server first, nothing was changed`,
  );
}

const READ_VERSION = `
SELECT current_setting('server_version_num')::integer AS number, current_setting('server_version') AS version`;
const versionSchema = z.object({ number: z.number(), version: z.string() });

/** @throws MigrationError `connection` when the server of this connection is too old */
export async function checkServerVersion(client: ClientBase): Promise<void> {
  const { number, version } = await queryRow(client, versionSchema, READ_VERSION);
  assertSupportedVersion(number, version);
}
