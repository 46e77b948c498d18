import { open, statfs } from 'node:fs/promises';
import { endianness } from 'node:os';
import path from 'node:path';
import { MigrationError, queryRow } from '@timer-platform/migrations';
import type { ClientBase } from 'pg';
import { z } from 'zod';
import { formatBytes } from './byte-size.ts';

/** The table has grown to about twice its size at the end, two and a half times in the worst measurement. */
const GROWTH = 2;

/** Free bytes of the file system that holds the table, or why they are unknown. */
export type FreeDisk = { readonly bytes: number } | { readonly unknown: string };

/** pg_settings leaves out data_directory for roles that may not read it. */
const FIND_TABLE = `
SELECT pg_total_relation_size(c.oid)::float8 AS bytes,
  (SELECT setting FROM pg_settings WHERE name = 'data_directory') AS data_directory,
  (SELECT system_identifier::text FROM pg_control_system()) AS system_identifier,
  NULLIF(pg_tablespace_location(COALESCE(NULLIF(c.reltablespace, 0), d.dattablespace)), '') AS tablespace
FROM pg_class c, pg_database d WHERE c.oid = 'timers'::regclass AND d.datname = current_database()`;

const tableSchema = z.object({
  bytes: z.number(),
  data_directory: z.string().nullable(),
  system_identifier: z.string(),
  tablespace: z.string().nullable(),
});

/** The identifier of the cluster whose data directory this is: the first eight bytes of pg_control. */
async function readSystemIdentifier(dataDirectory: string): Promise<string> {
  const file = await open(path.join(dataDirectory, 'global', 'pg_control'));
  try {
    const { buffer } = await file.read(Buffer.alloc(8), 0, 8, 0);
    return String(endianness() === 'LE' ? buffer.readBigInt64LE() : buffer.readBigInt64BE());
  } finally {
    await file.close();
  }
}

/**
 * SQL does not tell how much space is free. On the machine of the server the file system does. A tunnel looks like a local
 * server, and another cluster may have the same path; therefore the identifier must match.
 */
async function readFreeDisk(table: z.infer<typeof tableSchema>): Promise<FreeDisk> {
  const { data_directory: directory, tablespace } = table;
  if (directory === null)
    return { unknown: 'this role may not read data_directory; GRANT pg_read_all_settings allows it' };
  const found = await readSystemIdentifier(directory).catch(() => undefined);
  if (found !== table.system_identifier)
    return { unknown: `${directory} of the server is not readable here, or not on this machine` };
  const { bavail, bsize } = await statfs(tablespace ?? directory);
  return { bytes: bavail * bsize };
}

/** What the operator should know about the disk; `tooSmall` if the table cannot grow on it as it will. Pure. */
export function judgeFreeDisk(
  tableBytes: number,
  free: FreeDisk,
): { readonly tooSmall: boolean; readonly text: string } {
  const needed = `timers takes ${formatBytes(tableBytes)} with its indexes; ${formatBytes(tableBytes * GROWTH)} must be free, and as much again for WAL`;
  if ('unknown' in free) return { tooSmall: false, text: `${needed}. Check it yourself: ${free.unknown}` };
  return {
    tooSmall: free.bytes < tableBytes * GROWTH,
    text: `${needed}. ${formatBytes(free.bytes)} is free`,
  };
}

/** Returns a notice. @throws MigrationError `not-confirmed` when the disk is known to be too small, unless `ignore` */
export async function checkFreeDisk(client: ClientBase, ignore: boolean): Promise<string> {
  const table = await queryRow(client, tableSchema, FIND_TABLE);
  const { tooSmall, text } = judgeFreeDisk(table.bytes, await readFreeDisk(table));
  if (tooSmall && !ignore)
    throw new MigrationError('not-confirmed', `${text}. Free space, or start with --ignore-free-disk`);
  return text;
}
