import type pg from 'pg';

/** Functions of PostgreSQL that read its clock. The kit's database has functions of these names that read a table. */
const CLOCK_FUNCTIONS = ['now', 'clock_timestamp', 'statement_timestamp', 'transaction_timestamp'] as const;

/** The functions are found before those of PostgreSQL. */
export const SEARCH_PATH = 'public, pg_catalog';

const CREATE = `
CREATE TABLE public.virtual_clock (
  only_row BOOLEAN PRIMARY KEY DEFAULT true CHECK (only_row),
  instant TIMESTAMPTZ NOT NULL
) WITH (fillfactor = 10);
COMMENT ON TABLE public.virtual_clock IS 'The time that now() and its relatives return in this database.';
INSERT INTO public.virtual_clock (instant) VALUES (pg_catalog.now());
${CLOCK_FUNCTIONS.map(
  (name) => `CREATE FUNCTION public.${name}() RETURNS TIMESTAMPTZ LANGUAGE plpgsql STABLE PARALLEL SAFE AS
$$ BEGIN RETURN (SELECT instant FROM public.virtual_clock); END $$;`,
).join('\n')}
-- What an attempt did to a timer happened when it ended, not when its result was written.
CREATE FUNCTION public.virtual_updated_at() RETURNS TRIGGER LANGUAGE plpgsql AS
$$ BEGIN NEW.updated_at = NEW.executed_at; RETURN NEW; END $$;
CREATE TRIGGER virtual_updated_at BEFORE UPDATE ON public.timers FOR EACH ROW
WHEN (NEW.executed_at IS DISTINCT FROM OLD.executed_at AND NEW.executed_at IS NOT NULL)
EXECUTE FUNCTION public.virtual_updated_at();`;

/** Column defaults were bound to PostgreSQL's own functions when the migrations ran. */
const DEFAULTS = `
SELECT format('ALTER TABLE %s ALTER COLUMN %I SET DEFAULT %s', adrelid::regclass, attname,
  regexp_replace(pg_get_expr(adbin, adrelid), 'CURRENT_TIMESTAMP|pg_catalog\\.now\\(\\)', 'now()', 'g')) AS statement
FROM pg_attrdef JOIN pg_attribute ON attrelid = adrelid AND attnum = adnum
JOIN pg_class ON pg_class.oid = adrelid
WHERE relnamespace = 'public'::regnamespace
  AND pg_get_expr(adbin, adrelid) ~ '(now|clock_timestamp|statement_timestamp|transaction_timestamp)\\(\\)|CURRENT_TIMESTAMP'`;

/** Functions with a search path of their own do not follow that of the session. */
const FUNCTIONS = `
SELECT proc.oid::regprocedure::text AS signature,
  regexp_replace(setting, '^search_path=', '') AS path
FROM pg_proc AS proc, unnest(proconfig) AS setting
WHERE pronamespace = 'public'::regnamespace AND setting LIKE 'search_path=%'`;

/** A search path in which PostgreSQL's own names come last, as far as it has a schema of the platform. */
export function virtualSearchPath(path: string): string {
  const schemas = path
    .split(',')
    .map((schema) => schema.trim())
    .filter((schema) => schema !== '' && schema !== 'pg_catalog' && schema !== '""');
  const temporary = schemas.includes('pg_temp') ? ['pg_temp'] : [];
  return [...schemas.filter((schema) => schema !== 'pg_temp'), 'pg_catalog', ...temporary].join(', ');
}

/** Makes everything in a migrated database read the time from a table, column defaults and functions included. */
export async function installVirtualClock(client: pg.Client, database: string): Promise<void> {
  await client.query('SET search_path = public');
  await client.query(CREATE);
  const defaults = await client.query<{ statement: string }>(DEFAULTS);
  const functions = await client.query<{ signature: string; path: string }>(FUNCTIONS);
  await client.query(`SET search_path = ${SEARCH_PATH}`);
  for (const { statement } of defaults.rows) await client.query(statement);
  for (const { signature, path } of functions.rows)
    await client.query(`ALTER FUNCTION ${signature} SET search_path = ${virtualSearchPath(path)}`);
  await client.query(`ALTER DATABASE ${database} SET search_path = ${SEARCH_PATH}`);
}
