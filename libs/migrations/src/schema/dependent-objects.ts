import type { ClientBase } from 'pg';
import { z } from 'zod';
import { MigrationError } from '../migration-error.ts';
import { queryRows } from '../query-rows.ts';

/** The columns that 002 and the contract of the online migration drop. */
const OLD_COLUMNS = ['callback_url', 'callback_headers', 'callback_payload'];

/**
 * Objects that prevent DROP COLUMN: views, rules, triggers, policies, generated columns, publications with column lists,
 * functions with a parsed body. Those that also depend on a column with deptype a, such as its checks, are dropped with it.
 * PostgreSQL 14 drops generated columns with it, too: only there does a column depend on another with deptype a.
 */
const FIND_DEPENDENTS = `
SELECT object, string_agg(DISTINCT attname, ', ' ORDER BY attname) AS columns
FROM (
  SELECT a.attname::text, CASE WHEN r.rulename = '_RETURN' THEN pg_describe_object('pg_class'::regclass, r.ev_class, 0)
                          ELSE pg_describe_object(d.classid, d.objid, d.objsubid) END AS object
  FROM pg_depend d
  JOIN pg_attribute a ON a.attrelid = d.refobjid AND a.attnum = d.refobjsubid
  LEFT JOIN pg_rewrite r ON d.classid = 'pg_rewrite'::regclass AND r.oid = d.objid
  WHERE d.refclassid = 'pg_class'::regclass AND d.refobjid = to_regclass('timers') AND a.attname = ANY($1)
    AND (d.classid = 'pg_class'::regclass AND d.objsubid > 0 OR d.deptype = 'n' AND NOT EXISTS (
      SELECT FROM pg_depend own
      WHERE (own.classid, own.objid, own.objsubid, own.deptype) = (d.classid, d.objid, d.objsubid, 'a')
        AND (own.refclassid, own.refobjid, own.refobjsubid) = (d.refclassid, d.refobjid, d.refobjsubid)))
) AS found
GROUP BY object ORDER BY object`;

const dependentSchema = z.object({ object: z.string(), columns: z.string() });

/** Objects that use the callback columns of version 1 and so prevent dropping them, a line each. */
export async function findDependentObjects(client: ClientBase): Promise<string[]> {
  const found = await queryRows(client, dependentSchema, FIND_DEPENDENTS, [OLD_COLUMNS]);
  return found.map(({ object, columns }) => `${object} (${columns})`);
}

/** @throws MigrationError `dependent-objects`, which names the objects */
export async function assertNoDependentObjects(client: ClientBase, step: string): Promise<void> {
  const found = await findDependentObjects(client);
  if (found.length === 0) return;
  throw new MigrationError(
    'dependent-objects',
    `${step} drops columns of timers that these objects use:\n${found.map((line) => `  ${line}`).join('\n')}\nNothing was changed. Drop these objects, run again, then create them again on callback_config`,
  );
}
