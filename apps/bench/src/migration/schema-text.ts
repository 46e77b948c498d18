import { execFile } from 'node:child_process';
import path from 'node:path';
import { promisify } from 'node:util';
import { dumpSchema, readSchemaObjects } from '@timer-platform/migrations';
import { findProgram } from '@timer-platform/test-support';
import type pg from 'pg';

export interface SchemaText {
  readonly source: 'pg_dump' | 'catalog';
  readonly text: string;
}

/** Finds pg_dump in the directory of psql. */
function findPgDump(): string | undefined {
  try {
    return path.join(path.dirname(findProgram('psql', 'PSQL_BIN')), 'pg_dump');
  } catch {
    return undefined;
  }
}

/** The output of pg_dump --schema-only; if it is not installed or older than the server, a dump made from the catalog. */
export async function readSchemaText(url: string, client: pg.Client): Promise<SchemaText> {
  const program = findPgDump();
  if (program !== undefined) {
    try {
      const { stdout } = await promisify(execFile)(program, ['--schema-only', `--dbname=${url}`], {
        maxBuffer: 64 * 1024 * 1024,
      });
      // Newer versions write a random key into these lines.
      return { source: 'pg_dump', text: stdout.replaceAll(/^\\(?:un)?restrict .*$/gm, '') };
    } catch {
      // Older than the server.
    }
  }
  return { source: 'catalog', text: dumpSchema(await readSchemaObjects(client), []) };
}
