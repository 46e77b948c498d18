import {
  BOOKKEEPING_TABLES,
  findMigrationsDirectory,
  MigrationError,
  type MigrationFile,
  type MigrationSession,
  openMigrationSession,
  queryRow,
  queryRows,
  readMigrationFiles,
} from '@timer-platform/migrations';
import { z } from 'zod';
import { createdObjects } from './analysis/created-objects.ts';
import { loadParser, type SqlParser } from './analysis/sql-parser.ts';

/** A statement that gives the role of this session what the migrator needs. */
const privilegeSchema = z.object({ statement: z.string(), granted: z.boolean() });
export type Privilege = z.infer<typeof privilegeSchema>;

export interface RolePrivileges {
  readonly role: string;
  readonly privileges: readonly Privilege[];
}

/**
 * $1: names of tables and views, $2: names of functions. To use an object as its owner, membership in the owner's role is
 * enough, and takes nothing from the programs that connect as the owner. Membership in a superuser would give too much.
 */
const READ_PRIVILEGES = `
WITH target AS (SELECT COALESCE(current_schema(), 'public') AS schema),
owned AS (
  SELECT c.relowner AS owner, format('ALTER TABLE %I.%I OWNER TO %I', t.schema, c.relname, current_user) AS statement
  FROM target t JOIN pg_class c ON c.relnamespace = to_regnamespace(quote_ident(t.schema))
  WHERE c.relkind IN ('r', 'p', 'v') AND c.relname = ANY ($1)
  UNION ALL
  SELECT p.proowner, format('ALTER FUNCTION %s OWNER TO %I', p.oid::regprocedure, current_user)
  FROM target t JOIN pg_proc p ON p.pronamespace = to_regnamespace(quote_ident(t.schema)) WHERE p.proname = ANY ($2)
)
SELECT statement, granted FROM (
  SELECT 1 AS rank, format('GRANT CONNECT ON DATABASE %I TO %I', current_database(), current_user) AS statement,
         has_database_privilege(current_database(), 'CONNECT') AS granted
  UNION ALL
  SELECT 2, format('GRANT %s ON SCHEMA %I TO %I', privilege, schema, current_user),
         has_schema_privilege(quote_ident(schema), privilege)
  FROM target, unnest(ARRAY['USAGE', 'CREATE']) AS privilege WHERE to_regnamespace(quote_ident(schema)) IS NOT NULL
  UNION ALL
  SELECT DISTINCT 3, CASE WHEN a.rolsuper THEN o.statement ELSE format('GRANT %I TO %I', a.rolname, current_user) END,
         pg_has_role(o.owner, 'USAGE')
  FROM owned o JOIN pg_roles a ON a.oid = o.owner WHERE a.rolname <> current_user
) AS needed ORDER BY rank, statement`;

/** Reads what the role of this session needs to run these migrations. Reads only catalogs that every role may read. */
export async function readPrivileges(
  { client }: MigrationSession,
  files: readonly MigrationFile[],
  parser: SqlParser,
): Promise<RolePrivileges> {
  const created = files.flatMap((file) =>
    file.statements.map((statement) => createdObjects(statement.text, parser)),
  );
  const { role } = await queryRow(client, z.object({ role: z.string() }), 'SELECT current_user AS role');
  const privileges = await queryRows(client, privilegeSchema, READ_PRIVILEGES, [
    [...created.flatMap(({ relations }) => relations), ...BOOKKEEPING_TABLES],
    created.flatMap(({ functions }) => functions),
  ]);
  return { role, privileges };
}

/** The statements as a block of SQL, each with a comment where the role lacks it. */
export function describePrivileges({ privileges }: RolePrivileges): string[] {
  return privileges.map(({ statement, granted }) => `${statement};${granted ? '' : '  -- missing'}`);
}

async function readMissing(databaseUrl: string): Promise<string[]> {
  const files = await readMigrationFiles(findMigrationsDirectory());
  const session = await openMigrationSession(databaseUrl);
  try {
    const { privileges } = await readPrivileges(session, files, await loadParser());
    return privileges.filter(({ granted }) => !granted).map(({ statement }) => `  ${statement};`);
  } finally {
    await session.close();
  }
}

/** Adds the statements that grant what the role lacks to an error about a missing privilege. */
export async function withMissingPrivileges(
  databaseUrl: string,
  error: MigrationError,
): Promise<MigrationError> {
  if (error.code !== 'permission-denied') return error;
  const missing = await readMissing(databaseUrl).catch(() => []);
  if (missing.length === 0) return error;
  const message = `${error.message}\nThe role lacks:\n${missing.join('\n')}`;
  return new MigrationError(error.code, message, {
    cause: error,
    ...(error.failure === undefined ? {} : { failure: error.failure }),
  });
}
