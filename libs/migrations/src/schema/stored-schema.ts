import { readFile } from 'node:fs/promises';
import path from 'node:path';
import { z } from 'zod';
import type { MigrationFile } from '../files/migration-file.ts';
import { MigrationError } from '../migration-error.ts';
import { type SchemaObject, schemaObjectSchema } from './schema-objects.ts';

/** Versions whose schema a database without our ledger may have. */
export const ADOPTABLE_VERSIONS: readonly bigint[] = [1n, 2n];

/** The file that lists the objects after a migration: kept for the newest and the adoptable ones, undefined for others. */
export function storedSchemaFile(
  directory: string,
  files: readonly MigrationFile[],
  { name, version }: MigrationFile,
): string | undefined {
  if (ADOPTABLE_VERSIONS.includes(version)) return path.join(directory, 'schema', `${name}.json`);
  return version === files.at(-1)?.version ? path.join(directory, 'schema', 'newest.json') : undefined;
}

/** One object a line, so that a difference between two versions is a difference of lines. */
export function formatStoredSchema(objects: readonly SchemaObject[]): string {
  return `[\n${objects.map((object) => JSON.stringify(object)).join(',\n')}\n]\n`;
}

/**
 * Reads the objects after a migration; undefined when they are not kept.
 *
 * @throws MigrationError `bad-directory` when the list is missing or malformed
 */
export async function readStoredSchema(
  directory: string,
  files: readonly MigrationFile[],
  migration: MigrationFile,
): Promise<SchemaObject[] | undefined> {
  const file = storedSchemaFile(directory, files, migration);
  if (file === undefined) return undefined;
  try {
    return z.array(schemaObjectSchema).parse(JSON.parse(await readFile(file, 'utf8')));
  } catch (cause) {
    throw new MigrationError('bad-directory', `cannot read ${file}, the expected schema; restore it`, {
      cause,
    });
  }
}
