import { writeFile } from 'node:fs/promises';
import path from 'node:path';
import { findMigrationsDirectory, MigrationError, readMigrationFiles } from '@timer-platform/migrations';
import type { Command } from 'commander';
import type { CommandContext } from '../command-context.ts';
import { addMigrationsOption, type MigrationsOption } from '../command-options.ts';
import type { Output } from '../output.ts';

const TEMPLATE = `-- What changes, and why.
--
-- Online: why it does not block readers or writers. If it does, the first line must be "-- blocking: <why>".
-- CREATE INDEX CONCURRENTLY: alone in its file, after the first line "-- no-transaction".

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

/** Creates the next migration. Never overwrites a file. */
async function createMigration(name: string, command: MigrationsOption, output: Output): Promise<void> {
  const directory = command.migrations ?? findMigrationsDirectory();
  const files = await readMigrationFiles(directory);
  const newest = files.at(-1);
  const width = newest?.fileName.indexOf('_') ?? 3;
  const file = path.join(directory, fileNameOf((newest?.version ?? 0n) + 1n, width, name));
  await writeFile(file, TEMPLATE, { flag: 'wx' });
  output.line(path.relative('.', file));
}

export function addNew(program: Command, { output }: CommandContext): void {
  const command = program
    .command('new <name>')
    .description('create the next migration file')
    .action((name: string, options: MigrationsOption) => createMigration(name, options, output));
  addMigrationsOption(command);
}
