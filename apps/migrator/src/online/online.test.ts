import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';
import {
  AFTER_CONTRACT,
  compareSchemas,
  migrateDown,
  migrateToLatest,
  type OnlinePhase,
  openMigrationSession,
  readOnlineState,
  readSchemaObjects,
  type SchemaObject,
} from '@timer-platform/migrations';
import type { TestDatabase } from '@timer-platform/test-support';
import pg from 'pg';
import { createMigratedDatabase } from '../testing/migrated-database.ts';
import type { OnlineEvent } from './online-context.ts';
import {
  abortOnline,
  contractOnline,
  type OnlineOptions,
  pauseOnline,
  resumeOnline,
  startOnline,
  verifyOnline,
} from './run-online.ts';

const rowCount = 3_000;
/** Small batches without pauses: many points to interrupt at. */
const throttle = { targetBatchMs: 20, firstBatchRows: 50, pauseRatio: 0 };
const lockPolicy = { lockTimeoutMs: 200, patienceMs: 60_000, random: () => 0 };

let database: TestDatabase;
let client: pg.Client;

beforeEach(async () => {
  database = await createMigratedDatabase(1);
  client = await connect(database.url);
  await client.query(
    `INSERT INTO timers (created_at, updated_at, execute_at, callback_url, callback_headers, callback_payload, status)
     SELECT '2024-01-01', '2024-01-02T03:04:05.678901Z', '2024-02-01', 'https://example.com/' || i,
            (ARRAY[NULL, 'null', '{}', '{"a": "b"}', '["a"]', '"s"', '{"n": 1}'])[i % 7 + 1]::jsonb,
            (ARRAY[NULL, 'null', 'false', '0', '""', '{"i": 12345678901234567890.10}'])[i % 6 + 1]::jsonb,
            (ARRAY['pending', 'executing', 'completed', 'failed', 'canceled'])[i % 5 + 1]
     FROM generate_series(1, $1) AS i`,
    [rowCount],
  );
});
afterEach(async () => {
  await client.end();
  await database.drop();
});

async function connect(url: string): Promise<pg.Client> {
  const connected = new pg.Client({ connectionString: url, application_name: 'timer-service test' });
  connected.on('error', () => undefined);
  await connected.connect();
  return connected;
}

const options = (more: Partial<OnlineOptions> = {}): OnlineOptions => ({
  databaseUrl: database.url,
  throttle,
  lockPolicy,
  ...more,
});
const contract = () => contractOnline({ ...options(), oldServiceStopped: true });
const rowsOf = async (sql: string, from = client): Promise<unknown[]> =>
  (await from.query<Record<string, unknown>>(sql)).rows;
const state = async () => readOnlineState(client, 2n);

/** All columns of a row except its callback in either shape. */
const rest = 'id, created_at, updated_at::text, execute_at, status, last_error, executed_at, metadata';
const callbacks = `SELECT ${rest}, callback_type, callback_config::text AS config FROM timers ORDER BY id`;

/** The same rows in a second database, migrated by the plain file. */
async function plainTwin(): Promise<{ rows: unknown[]; schema: SchemaObject[]; columns: unknown[] }> {
  const twin = await createMigratedDatabase(1);
  const other = await connect(twin.url);
  try {
    const { rows } = await client.query<{ row: string }>('SELECT to_jsonb(timers)::text AS row FROM timers');
    await other.query(
      'INSERT INTO timers SELECT (jsonb_populate_record(NULL::timers, r::jsonb)).* FROM unnest($1::text[]) AS r',
      [rows.map(({ row }) => row)],
    );
    // This copy turns JSON null of a column into SQL NULL; 002 treats both alike.
    await migrateToLatest({ databaseUrl: twin.url, to: 2n });
    return {
      rows: await rowsOf(callbacks, other),
      schema: await readSchemaObjects(other),
      columns: await columnsOf(other),
    };
  } finally {
    await other.end();
    await twin.drop();
  }
}

const columnsOf = (from: pg.Client): Promise<unknown[]> =>
  rowsOf(
    `SELECT attname FROM pg_attribute WHERE attrelid = 'timers'::regclass AND attnum > 0 AND NOT attisdropped ORDER BY attnum`,
    from,
  );

test('produces the rows and the schema of the plain file and keeps updated_at', async () => {
  const plain = await plainTwin();
  await startOnline(options());
  expect(await state()).toMatchObject({
    phase: 'verified',
    rows_done: rowCount,
    evidence: { rows: rowCount, missing: 0, differing: 0, type_skew: 0 },
  });
  await contract();
  expect(await rowsOf(callbacks)).toEqual(plain.rows);
  expect(compareSchemas(plain.schema, await readSchemaObjects(client))).toEqual([]);
  expect(await columnsOf(client)).toEqual(plain.columns);
  expect(await rowsOf('SELECT version::int, description FROM _sqlx_migrations ORDER BY version')).toEqual([
    { version: 1, description: 'create timers' },
    { version: 2, description: 'add callback types' },
  ]);
  // The next run accepts the ledger and the table of Kysely.
  await migrateToLatest({ databaseUrl: database.url });
});

describe('between start and contract', () => {
  beforeEach(() => startOnline(options()));

  test('old and new clients can write rows of either shape', async () => {
    await client.query(
      `INSERT INTO timers (id, execute_at, callback_url, callback_headers, callback_payload) VALUES
       ('00000000-0000-0000-0000-00000000000a', now() + interval '1 day', 'http://old', '{"a": "b"}', 'null')`,
    );
    await client.query(
      `INSERT INTO timers (id, execute_at, callback_type, callback_config) VALUES
       ('00000000-0000-0000-0000-00000000000b', now() + interval '1 day', 'http', '{"type": "http", "url": "http://new", "payload": {"a": 1}, "timeout_ms": 5}')`,
    );
    await client.query(
      `UPDATE timers SET callback_url = 'http://old/2' WHERE id = '00000000-0000-0000-0000-00000000000b'`,
    );
    await client.query(
      `UPDATE timers SET callback_config = '{"type": "http", "url": "http://new/2", "headers": null}' WHERE id = '00000000-0000-0000-0000-00000000000a'`,
    );
    expect(
      await rowsOf(
        `SELECT callback_url, callback_headers, callback_payload, callback_config FROM timers WHERE id < '00000000-0000-0000-0000-00000000000f' ORDER BY id`,
      ),
    ).toEqual([
      {
        callback_url: 'http://new/2',
        callback_headers: null,
        callback_payload: null,
        callback_config: { type: 'http', url: 'http://new/2', headers: null },
      },
      {
        callback_url: 'http://old/2',
        callback_headers: null,
        callback_payload: { a: 1 },
        callback_config: { type: 'http', url: 'http://old/2', headers: null, payload: { a: 1 } },
      },
    ]);
    await verifyOnline(options());
  });

  test.each([
    ['a NATS timer', `callback_type, callback_config`, `'nats', '{"type": "nats", "topic": "a"}'`, '0A000'],
    [
      'a NATS callback under the default type',
      `callback_config`,
      `'{"type": "nats", "topic": "a"}'`,
      '0A000',
    ],
    ['a timer without callback', `status`, `'pending'`, '23502'],
    ['a callback of the new shape without url', `callback_config`, `'{"type": "http"}'`, '23502'],
    [
      'a timer with two different callbacks',
      `callback_url, callback_config`,
      `'http://a', '{"type": "http", "url": "http://b"}'`,
      '22000',
    ],
  ])('%s is rejected', async (_name, columns, values, code) => {
    await expect(
      client.query(
        `INSERT INTO timers (execute_at, ${columns}) VALUES (now() + interval '1 day', ${values})`,
      ),
    ).rejects.toMatchObject({ code });
  });

  test('an update changes updated_at (control of the backfill, which does not)', async () => {
    await client.query(`UPDATE timers SET metadata = '{}' WHERE callback_url = 'https://example.com/1'`);
    expect(
      await rowsOf(`SELECT count(*)::int AS changed FROM timers WHERE updated_at > '2024-01-03'`),
    ).toEqual([{ changed: 1 }]);
  });

  test('the contract needs the confirmation of the operator and no old client', async () => {
    await expect(contractOnline({ ...options(), oldServiceStopped: false })).rejects.toMatchObject({
      code: 'not-confirmed',
    });
    const old = new pg.Client({ connectionString: database.url, application_name: 'mca' });
    await old.connect();
    await expect(contract()).rejects.toMatchObject({
      code: 'old-clients',
      message: expect.stringContaining('mca'),
    });
    expect(await state()).toMatchObject({ phase: 'verified' });
    await contractOnline({ ...options(), oldServiceStopped: true, knownApplications: ['mca'] });
    await old.end();
  });

  test('the contract fails and names the row when a row was changed without the trigger', async () => {
    await client.query("SET session_replication_role = 'replica'");
    const [row] = await rowsOf(
      `UPDATE timers SET callback_payload = '{"changed": true}' WHERE callback_url = 'https://example.com/7' RETURNING id`,
    );
    await client.query('RESET session_replication_role');
    await expect(contract()).rejects.toMatchObject({
      code: 'not-verified',
      message: expect.stringMatching(
        new RegExp(
          `1 rows whose old and new columns hold different callbacks; hash sums differ .*${idOf(row)}`,
        ),
      ),
    });
    expect(await rowsOf(`SELECT count(callback_url)::int AS kept FROM timers`)).toEqual([{ kept: rowCount }]);
    expect(await state()).toMatchObject({
      phase: 'verify',
      evidence: { differing: 1, examples: [idOf(row)] },
    });
    // Any write of the row by a client syncs both shapes again.
    await client.query(`UPDATE timers SET callback_payload = '0' WHERE id = $1`, [idOf(row)]);
    await contract();
  });

  test('the contract fails when the trigger is disabled', async () => {
    await client.query('ALTER TABLE timers DISABLE TRIGGER zz_timers_online_sync');
    await expect(contract()).rejects.toMatchObject({
      code: 'not-verified',
      message: expect.stringContaining('zz_timers_online_sync'),
    });
  });

  test('plain migrate is rejected', async () => {
    await expect(migrateToLatest({ databaseUrl: database.url })).rejects.toMatchObject({
      code: 'online-in-progress',
    });
  });
});

describe('before the contract, the files after 002', () => {
  test('need an option; with it they are applied, and those that waited for the contract lead to the schema and ledger of a plain migration', async () => {
    const plain = await createMigratedDatabase();
    const other = await connect(plain.url);
    const expected = {
      schema: await readSchemaObjects(other),
      columns: await columnsOf(other),
      versions: await versions(other),
      names: await names(other),
    };
    await other.end();
    await plain.drop();

    await startOnline(options());
    await expect(migrateToLatest({ databaseUrl: database.url })).rejects.toMatchObject({
      code: 'online-in-progress',
    });
    const { applied } = await migrateToLatest({ databaseUrl: database.url, beforeContract: true });
    expect(applied.map(({ file }) => file.version)).not.toContain(2n);
    await client.query(
      `INSERT INTO timers (execute_at, callback_url) VALUES (now() + interval '1 day', 'http://old')`,
    );
    await client.query(
      `INSERT INTO timers (execute_at, callback_config, expires_at) VALUES (now() + interval '1 day', '{"type": "http", "url": "http://new"}', now())`,
    );
    await expect(abortOnline(options())).rejects.toMatchObject({ code: 'no-way-back' });

    await contract();
    const afterContract = await migrateToLatest({ databaseUrl: database.url });
    expect(afterContract.applied.map(({ file }) => file.version)).toEqual([...AFTER_CONTRACT]);
    expect(compareSchemas(expected.schema, await readSchemaObjects(client))).toEqual([]);
    expect(await columnsOf(client)).toEqual(expected.columns);
    expect(await versions(client)).toEqual(expected.versions);
    expect(await names(client)).toEqual(expected.names);
    expect((await migrateToLatest({ databaseUrl: database.url })).applied).toEqual([]);
  });

  test('can be undone, so that abort is possible again', async () => {
    const schemaBefore = await readSchemaObjects(client);
    await startOnline(options());
    await migrateToLatest({ databaseUrl: database.url, beforeContract: true });
    await migrateDown({ databaseUrl: database.url, to: 1n, acceptLoss: true });
    await abortOnline(options());
    expect(compareSchemas(schemaBefore, await readSchemaObjects(client))).toEqual([]);
  });
});

const versions = (from: pg.Client): Promise<unknown[]> =>
  rowsOf('SELECT version::int, description FROM _sqlx_migrations ORDER BY version', from);
const names = (from: pg.Client): Promise<unknown[]> =>
  rowsOf('SELECT name FROM kysely_migration ORDER BY timestamp, name', from);

function idOf(row: unknown): string {
  return typeof row === 'object' && row !== null && 'id' in row ? String(row.id) : '';
}

/** Terminates every session of the migrator at the first matching event. */
function killAt(matches: (event: OnlineEvent) => boolean): (event: OnlineEvent) => void {
  let killed = false;
  return (event) => {
    if (killed || !matches(event)) return;
    killed = true;
    void client.query(
      `SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE application_name = 'timer-migrator' AND datname = current_database()`,
    );
  };
}

describe('an interrupted migration', () => {
  test.each<[string, (event: OnlineEvent) => boolean]>([
    ['before the backfill', (event) => event.kind === 'phase' && event.phase === 'backfill'],
    ['in the middle of the backfill', (event) => event.kind === 'batch' && event.done > rowCount / 3],
    ['in the sweep', (event) => event.kind === 'phase' && event.phase === 'sweep'],
    ['in the constraints', (event) => event.kind === 'phase' && event.phase === 'constraints'],
    ['in the index', (event) => event.kind === 'phase' && event.phase === 'index'],
    ['in the verification', (event) => event.kind === 'phase' && event.phase === 'verify'],
  ])('continues when killed %s and ends with exact counters', async (_name, matches) => {
    const first = await startOnline(options({ report: killAt(matches) })).catch((error: unknown) => error);
    // The kill may come too late for the phase: then nothing was interrupted.
    if (first !== undefined) await untilLockIsFree();
    await startOnline(options());
    expect(await state()).toMatchObject({
      phase: 'verified',
      rows_done: rowCount,
      evidence: { rows: rowCount, missing: 0, differing: 0 },
    });
    await contract();
    expect(compareSchemas(await plainTwinSchema(), await readSchemaObjects(client))).toEqual([]);
  });

  test('rebuilds an INVALID index', async () => {
    await startOnline(options());
    await client.query(
      `UPDATE pg_index SET indisvalid = false WHERE indexrelid = 'idx_timers_callback_type'::regclass`,
    );
    await client.query(`UPDATE _online_migrations SET phase = 'index'`);
    const notices: string[] = [];
    await resumeOnline(options({ report: (event) => event.kind === 'notice' && notices.push(event.text) }));
    expect(notices).toEqual(['dropped the leftover index idx_timers_callback_type']);
    expect(
      await rowsOf(`SELECT indisvalid FROM pg_index WHERE indexrelid = 'idx_timers_callback_type'::regclass`),
    ).toEqual([{ indisvalid: true }]);
  });

  test('stops after its batch on Ctrl-C, or when another session pauses it', async () => {
    await startUpToFirstBatch();
    expect(await state()).toMatchObject({ phase: 'backfill', paused: false, batches: 1 });

    const holder = await holdUnfilledRow();
    let isSweep = false;
    let paused: Promise<unknown> | undefined;
    const resumed = resumeOnline(
      options({
        report: (event) => {
          if (event.kind === 'phase') isSweep = event.phase === 'sweep';
          // Once: a second pause could come after the next resume. Others, such as autovacuum, can block other steps.
          if (event.kind === 'blocked' && isSweep)
            paused ??= pauseOnline(database.url).then(() => holder.query('COMMIT'));
        },
      }),
    );
    await expect(resumed).rejects.toMatchObject({ code: 'paused' });
    await paused;
    await holder.end();
    expect(await state()).toMatchObject({ phase: 'sweep', paused: true });
    await resumeOnline(options());
    expect(await state()).toMatchObject({ phase: 'verified', paused: false, rows_done: rowCount });
  });
});

async function startUpToFirstBatch(): Promise<void> {
  const stop = new AbortController();
  const report = (event: OnlineEvent): void => {
    if (event.kind === 'batch') stop.abort();
  };
  await expect(startOnline(options({ signal: stop.signal, report }))).rejects.toMatchObject({
    code: 'interrupted',
  });
}

/**
 * A session that locks a row which no batch has filled yet. Rows are filled in the order of their pages, and ids are
 * random: the row of the greatest id can be in the first batch.
 */
async function holdUnfilledRow(): Promise<pg.Client> {
  const holder = await connect(database.url);
  await holder.query('BEGIN');
  const { rowCount: held } = await holder.query(
    'SELECT 1 FROM timers WHERE callback_config IS NULL ORDER BY ctid DESC LIMIT 1 FOR UPDATE',
  );
  expect(held).toBe(1);
  return holder;
}

/** A terminated backend releases the migration lock a moment later. */
async function untilLockIsFree(): Promise<void> {
  const waiting = `SELECT 1 FROM pg_stat_activity WHERE application_name = 'timer-migrator' AND datname = current_database()`;
  while ((await client.query(waiting)).rowCount !== 0)
    await new Promise((resolve) => setTimeout(resolve, 10));
}

async function plainTwinSchema(): Promise<SchemaObject[]> {
  const twin = await createMigratedDatabase(2);
  const session = await openMigrationSession(twin.url);
  try {
    return await readSchemaObjects(session.client);
  } finally {
    await session.close();
    await twin.drop();
  }
}

describe('abort', () => {
  const rows = `SELECT ${rest}, callback_url, callback_headers::text, callback_payload::text FROM timers ORDER BY id`;

  test.each<OnlinePhase>(['backfill', 'constraints', 'index', 'verified'])(
    'in phase %s restores the schema and the rows of 001',
    async (phase) => {
      const rowsBefore = await rowsOf(rows);
      const schemaBefore = await readSchemaObjects(client);
      const stop = new AbortController();
      await startOnline(
        options({
          signal: stop.signal,
          report: (event) => {
            if (event.kind === 'phase' && event.phase === phase && phase !== 'verified') stop.abort();
          },
        }),
      ).catch((error: unknown) => error);
      await client.query(
        `INSERT INTO timers (id, execute_at, callback_config) VALUES ('00000000-0000-0000-0000-00000000000b', now() + interval '1 day', '{"type": "http", "url": "http://new"}')`,
      );
      await abortOnline(options());
      expect(compareSchemas(schemaBefore, await readSchemaObjects(client))).toEqual([]);
      expect(
        await rowsOf(`DELETE FROM timers WHERE callback_url = 'http://new' RETURNING 1 AS kept`),
      ).toEqual([{ kept: 1 }]);
      expect(await rowsOf(rows)).toEqual(rowsBefore);
      await startOnline(options());
      await contract();
    },
  );

  test('fails before the start and after the contract', async () => {
    await expect(abortOnline(options())).rejects.toMatchObject({ code: 'not-online' });
    await startOnline(options());
    await contract();
    await expect(abortOnline(options())).rejects.toMatchObject({ code: 'not-online' });
    await expect(startOnline(options())).rejects.toMatchObject({ code: 'not-online' });
  });
});

test('names the session that blocks the table and continues when it ends', async () => {
  const holder = await connect(database.url);
  await holder.query('BEGIN');
  await holder.query('SELECT count(*) FROM timers');
  const named: string[] = [];
  await startOnline(
    options({
      report: (event) => {
        if (event.kind !== 'blocked') return;
        named.push(
          ...event.failed.blockers.map(({ state: doing, query }) => `${doing ?? ''}: ${query ?? ''}`),
        );
        if (named.length === 2) void holder.query('COMMIT');
      },
    }),
  );
  await holder.end();
  expect(named.slice(0, 2)).toEqual(Array(2).fill('idle in transaction: SELECT count(*) FROM timers'));
});

test('skips a locked row in the backfill and waits for it in the sweep', async () => {
  await startUpToFirstBatch();
  const holder = await holdUnfilledRow();
  const seen: string[] = [];
  await resumeOnline(
    options({
      report: (event) => {
        if (event.kind === 'phase') seen.push(event.phase);
        if (event.kind !== 'blocked' || seen.includes('blocked')) return;
        seen.push('blocked');
        void holder.query('COMMIT');
      },
    }),
  );
  await holder.end();
  expect(seen).toEqual(['backfill', 'sweep', 'blocked', 'constraints', 'index', 'verify', 'verified']);
  expect(await state()).toMatchObject({ rows_done: rowCount });
});
