import type { ClientBase } from 'pg';
import { z } from 'zod';
import type { MigrationFile } from '../files/migration-file.ts';
import { ONLINE_VERSION } from '../ledger/online-state.ts';
import { MigrationError } from '../migration-error.ts';
import { queryRow } from '../query-rows.ts';
import { tableExists } from '../schema/table-exists.ts';

/** Number of timers above which a file that blocks the table needs an explicit option. */
export const DEFAULT_BLOCKING_ROW_LIMIT = 50_000;

/** Size of timers, without indexes, above which it does as well: few rows with large payloads block as long as many. */
const BLOCKING_BYTE_LIMIT = 128 * 1024 ** 2;

const blockingDirective = /^-- blocking: \S/;

/** Undoing files have the same versions as the files that they undo. */
function isDownFile(file: MigrationFile): boolean {
  return file.fileName.startsWith('down/');
}

/**
 * Files that block for milliseconds in spite of their `-- blocking:` line: 011 writes only timers that a stopped
 * dispatcher left executing, which it finds by an index, before it takes a lock that blocks others.
 */
const BLOCKS_BRIEFLY: ReadonlySet<bigint> = new Set([11n]);

/** True for a file that announces that it blocks readers or writers of a table while it runs. */
export function blocksTable(file: MigrationFile): boolean {
  return file.version === ONLINE_VERSION || blockingDirective.test(file.sql);
}

/** True for a file that blocks for a time that grows with the table. */
export function needsAllowBlocking(file: MigrationFile): boolean {
  return blocksTable(file) && (isDownFile(file) || !BLOCKS_BRIEFLY.has(file.version));
}

/** pg_table_size includes the payloads that are stored out of line. */
const MEASURE_TIMERS = `
SELECT (SELECT count(*) FROM (SELECT 1 FROM timers LIMIT $1) AS counted) AS rows, pg_table_size('timers') AS bytes`;

const measureSchema = z.object({ rows: z.coerce.number(), bytes: z.coerce.number() });

/** Why the table is too large to be blocked; undefined when it is not. */
async function findExcess(client: ClientBase, rowLimit: number): Promise<string | undefined> {
  if (!(await tableExists(client, 'timers'))) return undefined;
  const { rows, bytes } = await queryRow(client, measureSchema, MEASURE_TIMERS, [rowLimit + 1]);
  if (rows > rowLimit) return `more than ${rowLimit} rows`;
  if (bytes <= BLOCKING_BYTE_LIMIT) return undefined;
  const megabytes = (size: number): string => `${Math.floor(size / 1024 ** 2)} MB`;
  return `${megabytes(bytes)}, more than ${megabytes(BLOCKING_BYTE_LIMIT)}`;
}

/**
 * Checks all files of a run before the first one runs.
 *
 * @param rowLimit Infinity: no table is too large
 * @throws MigrationError `would-block` when some of them block the table and the table is too large
 */
export async function guardAgainstBlocking(
  client: ClientBase,
  files: readonly MigrationFile[],
  rowLimit: number,
): Promise<void> {
  const blocking = files.filter(needsAllowBlocking);
  if (blocking.length === 0 || rowLimit === Infinity) return;
  const excess = await findExcess(client, rowLimit);
  if (excess === undefined) return;
  const online = blocking.some((file) => file.version === ONLINE_VERSION && !isDownFile(file))
    ? 'For 002 use `npx nx run migrator:online -- start` instead, which reaches the same schema in steps while readers and writers continue (docs/migrating.md); or stop'
    : 'Stop';
  throw new MigrationError(
    'would-block',
    `${blocking.map((file) => file.fileName).join(', ')} block${blocking.length === 1 ? 's' : ''} readers and writers of timers while running, and the table has ${excess}; nothing was changed. ${online} the service and run again with --allow-blocking`,
  );
}
