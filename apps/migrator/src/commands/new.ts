import { writeFile } from 'node:fs/promises';
import path from 'node:path';
import { findMigrationsDirectory, MigrationError, readMigrationFiles } from '@timer-platform/migrations';
import type { Output } from '../output.ts';

export interface NewCommand {
  readonly migrations?: string | undefined;
}

const HEADER = `-- What changes, and why.
--
-- Online: why readers and writers go on while it runs. If they do not, the first line is "-- blocking: <why>".
-- CREATE INDEX CONCURRENTLY: alone in its file, under the first line "-- no-transaction".

`;

/** A lower-case name of letters, digits and underscores. */
function fileNameOf(version: bigint, width: number, name: string): string {
  const slug = name
    .toLowerCase()
    .replaceAll(/[^a-z0-9]+/g, '_')
    .replaceAll(/^_+|_+$/g, '');
  if (slug === '')
    throw new MigrationError('bad-name', `"${name}" leaves nothing for a file name; use letters and digits`);
  return `${version.toString().padStart(width, '0')}_${slug}.sql`;
}

/** Makes the next migration, empty. Never overwrites. */
export async function createMigration(name: string, command: NewCommand, output: Output): Promise<void> {
  const directory = command.migrations ?? findMigrationsDirectory();
  const files = await readMigrationFiles(directory);
  const newest = files.at(-1);
  const width = newest?.fileName.indexOf('_') ?? 3;
  const file = path.join(directory, fileNameOf((newest?.version ?? 0n) + 1n, width, name));
  await writeFile(file, HEADER, { flag: 'wx' });
  output.line(path.relative('.', file));
}
