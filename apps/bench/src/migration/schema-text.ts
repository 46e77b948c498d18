import { execFile } from 'node:child_process';
import path from 'node:path';
import { promisify } from 'node:util';
import { dumpSchema, readSchemaObjects } from '@timer-platform/migrations';
import { findProgram } from '@timer-platform/test-support';
import type pg from 'pg';

export interface SchemaText {
  readonly by: 'pg_dump' | 'catalogue';
  readonly text: string;
}

/** It lies beside psql. */
function findPgDump(): string | undefined {
  try {
    return path.join(path.dirname(findProgram('psql', 'PSQL_BIN')), 'pg_dump');
  } catch {
    return undefined;
  }
}

/** pg_dump --schema-only; where there is none, or it is older than the server, the catalogue read by ourselves. */
export async function schemaText(url: string, client: pg.Client): Promise<SchemaText> {
  const program = findPgDump();
  if (program !== undefined) {
    try {
      const { stdout } = await promisify(execFile)(program, ['--schema-only', `--dbname=${url}`], {
        maxBuffer: 64 * 1024 * 1024,
      });
      // Newer versions write a random key into these lines.
      return { by: 'pg_dump', text: stdout.replaceAll(/^\\(?:un)?restrict .*$/gm, '') };
    } catch {
      return { by: 'catalogue', text: dumpSchema(await readSchemaObjects(client), []) };
    }
  }
  return { by: 'catalogue', text: dumpSchema(await readSchemaObjects(client), []) };
}
