import { existsSync } from 'node:fs';
import { mkdir, writeFile } from 'node:fs/promises';
import path from 'node:path';
import type { Output } from '@timer-platform/command-line';
import { findMigrationsDirectory, MigrationError, readMigrationFiles } from '@timer-platform/migrations';
import type { Command } from 'commander';
import type { CommandContext } from '../command-context.ts';
import { addMigrationsOption, type MigrationsOption } from '../command-options.ts';

const UP_TEMPLATE = `-- What changes, and why.
--
-- Online: why it does not block readers or writers. If it does, the first line must be "-- blocking: <why>".
-- CREATE INDEX CONCURRENTLY: alone in its file, after the first line "-- no-transaction".

`;

/** Its "-- loses:" line keeps `down` from running the file unedited without --accept-loss. */
const DOWN_TEMPLATE = `-- Undoes the file of the same name in migrations/. The rules for its first line are the same.
-- loses: name the data that cannot be restored, one line for each kind; delete this line if there is none

`;

/** Builds a file name of lower-case letters, digits and underscores. */
function fileNameOf(version: bigint, width: number, name: string): string {
  const slug = name
    .toLowerCase()
    .replaceAll(/[^a-z0-9]+/g, '_')
    .replaceAll(/^_+|_+$/g, '');
  if (slug === '')
    throw new MigrationError('bad-name', `"${name}" contains no letter or digit for a file name`);
  return `${version.toString().padStart(width, '0')}_${slug}.sql`;
}

/** Creates the next migration and the file that undoes it. Never overwrites a file. */
async function createMigration(name: string, command: MigrationsOption, output: Output): Promise<void> {
  const directory = command.migrations ?? findMigrationsDirectory();
  const files = await readMigrationFiles(directory);
  const newest = files.at(-1);
  const width = newest?.fileName.indexOf('_') ?? 3;
  const fileName = fileNameOf((newest?.version ?? 0n) + 1n, width, name);
  const up = path.join(directory, fileName);
  const down = path.join(directory, 'down', fileName);
  if (existsSync(down)) {
    throw new MigrationError(
      'duplicate-version',
      `${path.relative('.', down)} exists already; delete it or choose another name`,
    );
  }
  await mkdir(path.dirname(down), { recursive: true });
  await writeFile(up, UP_TEMPLATE, { flag: 'wx' });
  await writeFile(down, DOWN_TEMPLATE, { flag: 'wx' });
  output.line(path.relative('.', up));
  output.line(path.relative('.', down));
}

export function addNew(program: Command, { output }: CommandContext): void {
  const command = program
    .command('new <name>')
    .description('create the next migration file and the file that undoes it')
    .action((name: string, options: MigrationsOption) => createMigration(name, options, output));
  addMigrationsOption(command);
}
