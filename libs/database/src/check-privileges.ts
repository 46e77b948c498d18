import { type Database, statement } from './connect.ts';
import { FUNCTIONS } from './required-objects.ts';
import type { Schema } from './schema.ts';

/** The database role lacks privileges. The message has the statements that grant them. */
export class PrivilegeError extends Error {
  override readonly name = 'PrivilegeError';
  readonly grants: readonly string[];

  constructor(grants: readonly string[]) {
    super(`The database role lacks privileges. Run as the owner of the tables: ${grants.join('; ')}`);
    this.grants = grants;
  }
}

/** What a process does: `api` serves requests and prunes, `dispatcher` also delivers timers. */
export type ProcessRole = 'api' | 'dispatcher';

type Privilege = 'SELECT' | 'INSERT' | 'UPDATE' | 'DELETE';
type Privileges = { readonly [Table in keyof Schema]?: readonly Privilege[] };

/** UPDATE of idempotency_keys and claim_batches is also needed to lock their rows. */
const REQUIRED: Readonly<Record<ProcessRole, Privileges>> = {
  api: {
    timers: ['SELECT', 'INSERT', 'UPDATE'],
    claim_batches: ['SELECT'],
    timer_attempts: ['SELECT'],
    idempotency_keys: ['SELECT', 'INSERT', 'UPDATE', 'DELETE'],
    installation_settings: ['SELECT', 'INSERT', 'UPDATE'],
    schedules: ['SELECT', 'INSERT', 'UPDATE', 'DELETE'],
    schedule_skips: ['SELECT'],
    destination_settings: ['SELECT', 'INSERT', 'UPDATE', 'DELETE'],
    dispatchers: ['SELECT'],
    dispatcher_reports: ['SELECT'],
    dispatch_minutes: ['SELECT'],
    console_sessions: ['SELECT', 'INSERT', 'DELETE'],
    operator_actions: ['SELECT', 'INSERT', 'UPDATE', 'DELETE'],
    operator_action_timers: ['SELECT', 'INSERT', 'DELETE'],
  },
  dispatcher: {
    timers: ['SELECT', 'INSERT', 'UPDATE', 'DELETE'],
    claim_batches: ['SELECT', 'INSERT', 'UPDATE', 'DELETE'],
    timer_attempts: ['SELECT', 'INSERT'],
    idempotency_keys: ['SELECT', 'INSERT', 'UPDATE', 'DELETE'],
    installation_settings: ['SELECT', 'INSERT', 'UPDATE'],
    dispatchers: ['SELECT', 'INSERT', 'UPDATE', 'DELETE'],
    schedules: ['SELECT', 'INSERT', 'UPDATE', 'DELETE'],
    schedule_skips: ['SELECT', 'INSERT', 'UPDATE', 'DELETE'],
    destination_settings: ['SELECT', 'INSERT', 'UPDATE', 'DELETE'],
    dispatcher_reports: ['SELECT', 'INSERT', 'UPDATE', 'DELETE'],
    dispatch_minutes: ['SELECT', 'INSERT', 'UPDATE', 'DELETE'],
    console_sessions: ['SELECT', 'INSERT', 'DELETE'],
    operator_actions: ['SELECT', 'INSERT', 'UPDATE', 'DELETE'],
    operator_action_timers: ['SELECT', 'INSERT', 'DELETE'],
  },
};

/** Tables and functions that do not exist are the concern of checkSchema. */
const MISSING = statement(
  'missing-privileges',
  `SELECT object, string_agg(privilege, ', ' ORDER BY ordinal) AS privileges, quote_ident(current_user) AS role
   FROM (
     SELECT 'SCHEMA ' || quote_ident(nspname) AS object, 'USAGE' AS privilege, 0 AS ordinal
     FROM pg_class JOIN pg_namespace ON pg_namespace.oid = relnamespace
     WHERE relname = 'timers' AND to_regclass('timers') IS NULL
       AND NOT has_schema_privilege(pg_namespace.oid, 'USAGE')
     UNION ALL
     SELECT 'TABLE ' || name, privilege, ordinal
     FROM unnest($1::text[], $2::text[]) WITH ORDINALITY AS required (name, privilege, ordinal)
     WHERE NOT has_table_privilege(to_regclass(name), privilege)
     UNION ALL
     SELECT 'FUNCTION ' || name, 'EXECUTE', 1000 + ordinal
     FROM unnest($3::text[]) WITH ORDINALITY AS required (name, ordinal)
     WHERE NOT has_function_privilege(to_regprocedure(name), 'EXECUTE')
   ) AS missing
   GROUP BY object ORDER BY min(ordinal)`,
);

/** Lists the GRANT statements that the role of this connection lacks for a process of this kind. */
export async function findMissingGrants(db: Database, role: ProcessRole): Promise<string[]> {
  const required = Object.entries(REQUIRED[role]).flatMap(([table, privileges]) =>
    privileges.map((privilege) => [table, privilege] as const),
  );
  const rows = await db.rows<{ object: string; privileges: string; role: string }>(MISSING, [
    required.map(([table]) => table),
    required.map(([, privilege]) => privilege),
    FUNCTIONS,
  ]);
  return rows.map(({ object, privileges, role: name }) => `GRANT ${privileges} ON ${object} TO ${name}`);
}

/**
 * Checks that the role of this connection has the privileges that a process of this kind needs.
 *
 * @throws {PrivilegeError} with the missing GRANT statements, or the error of the driver when the database cannot be
 *   reached
 */
export async function checkPrivileges(db: Database, role: ProcessRole): Promise<void> {
  const grants = await findMissingGrants(db, role);
  if (grants.length > 0) throw new PrivilegeError(grants);
}
