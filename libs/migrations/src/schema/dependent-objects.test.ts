import { expect, test } from '@jest/globals';
import { withTestDatabase } from '@timer-platform/test-support/jest';
import { openMigrationSession } from '../migration-session.ts';
import { migrateToLatest } from '../run/migrate.ts';
import { findDependentObjects } from './dependent-objects.ts';

const database = withTestDatabase({ empty: true, perTest: true });

/** Statement, the end of the line that names the object, and the first version of PostgreSQL that has it. */
const dependents: readonly (readonly [create: string, line: string, since: number])[] = [
  [
    'CREATE VIEW urls AS SELECT callback_url, callback_headers FROM timers',
    'view urls (callback_headers, callback_url)',
    13,
  ],
  [
    'CREATE MATERIALIZED VIEW copies AS SELECT callback_url FROM timers',
    'materialized view copies (callback_url)',
    13,
  ],
  [
    'CREATE RULE log AS ON DELETE TO timers DO ALSO SELECT OLD.callback_url',
    'rule log on table timers (callback_url)',
    13,
  ],
  [
    `ALTER TABLE timers ADD COLUMN host TEXT GENERATED ALWAYS AS (left(callback_url, 9)) STORED`,
    // From PostgreSQL 15 on: default value for column host …
    'column host of table timers (callback_url)',
    13,
  ],
  [
    'CREATE TRIGGER on_url BEFORE UPDATE OF callback_url ON timers FOR EACH ROW EXECUTE FUNCTION update_updated_at_column()',
    'trigger on_url on table timers (callback_url)',
    13,
  ],
  [
    `CREATE POLICY by_url ON timers USING (callback_url <> '')`,
    'policy by_url on table timers (callback_url)',
    13,
  ],
  [
    'CREATE FUNCTION urls() RETURNS SETOF text BEGIN ATOMIC SELECT callback_url FROM timers; END',
    'function urls() (callback_url)',
    14,
  ],
  [
    'CREATE PUBLICATION some_columns FOR TABLE timers (id, callback_url)',
    'publication of table timers in publication some_columns (callback_url)',
    15,
  ],
];

test('002 names every object that uses the old columns, and writes nothing', async () => {
  await migrateToLatest({ databaseUrl: database.url, to: 1n });
  const { rows } = await database.query<{ version: number }>(
    `SELECT current_setting('server_version_num')::int / 10000 AS version`,
  );
  const possible = dependents.filter(([, , since]) => since <= (rows[0]?.version ?? 0));
  for (const [create] of possible) await database.query(create);
  const failure: unknown = await migrateToLatest({ databaseUrl: database.url }).catch(
    (error: unknown) => error,
  );
  expect(failure).toMatchObject({
    code: 'dependent-objects',
    message: expect.stringMatching(
      /^002_add_callback_types\.sql drops columns of timers that these objects use:/,
    ),
  });
  for (const [, line] of possible) expect(String(failure)).toContain(`${line}\n`);
  const { rows: columns } = await database.query(
    `SELECT attname FROM pg_attribute WHERE attrelid = 'timers'::regclass AND attname = 'callback_config'`,
  );
  expect(columns).toEqual([]);
});

test('indexes, checks and statistics of a column are dropped with it and are not named', async () => {
  await migrateToLatest({ databaseUrl: database.url, to: 1n });
  await database.query(`CREATE INDEX by_url ON timers (callback_url) WHERE callback_payload IS NOT NULL`);
  await database.query(`ALTER TABLE timers ADD CHECK (callback_url <> ''), ADD UNIQUE (callback_url)`);
  await database.query(`CREATE STATISTICS related ON callback_url, status FROM timers`);
  const session = await openMigrationSession(database.url);
  expect(await findDependentObjects(session.client)).toEqual([]);
  await session.close();
  await migrateToLatest({ databaseUrl: database.url });
});
