import { afterAll, beforeAll, beforeEach, describe, expect, test } from '@jest/globals';
import { withTestDatabase } from '@timer-platform/test-support/jest';
import * as kysely from 'kysely';
import { type Kysely, PostgresDialect, sql } from 'kysely';
import pg from 'pg';
import { z } from 'zod';
import { defineCallback } from '../callbacks/define-callback.ts';
import { openableGate } from '../testing/openable-gate.ts';
import { SECRET, signedRequest } from '../testing/signed-request.ts';
import { createReceiver } from './create-receiver.ts';
import type { DedupStore } from './dedup-store.ts';
import { postgresDedupStore } from './postgres-dedup-store.ts';

let pool: pg.Pool;
afterAll(() => pool.end());
const database = withTestDatabase({ empty: true });
beforeAll(async () => {
  pool = new pg.Pool({ connectionString: database.url, max: 4 });
  pool.on('error', () => undefined);
  await Promise.all([store().createTable(), store().createTable(), store().createTable()]);
  await database.query('CREATE TABLE payments (id text)');
});
beforeEach(() => database.query('TRUNCATE payments, handled_callbacks'));

const store = (consumer = 'billing') => postgresDedupStore<pg.PoolClient>(pool, { consumer });

async function payments(): Promise<unknown[]> {
  const { rows } = await database.query<{ id: string }>('SELECT id FROM payments ORDER BY id');
  return rows.map(({ id }) => id);
}

const pay = (id: string) => (client: pg.PoolClient) =>
  client.query('INSERT INTO payments VALUES ($1)', [id]).then(() => undefined);

describe('an id', () => {
  test('is remembered together with what the handler wrote', async () => {
    expect(await store().once('a', pay('a'))).toBe('handled');
    expect(await store().once('a', pay('a'))).toBe('duplicate');
    expect(await payments()).toEqual(['a']);
  });

  test('is forgotten together with what the handler wrote, if that fails', async () => {
    const fail = async (client: pg.PoolClient) => {
      await pay('a')(client);
      throw new Error('mail server is down');
    };
    await expect(store().once('a', fail)).rejects.toThrow('mail server is down');
    expect(await payments()).toEqual([]);
    expect(await store().once('a', pay('a'))).toBe('handled');
    expect(await payments()).toEqual(['a']);
  });

  test('that another process is handling is not waited for', async () => {
    const gate = openableGate();
    const entered = openableGate();
    const first = store().once('a', async (client) => {
      await pay('a')(client);
      entered.open();
      await gate.opened;
    });
    await entered.opened;
    expect(await store().once('a', pay('a'))).toBe('in progress');
    expect(await store().once('b', pay('b'))).toBe('handled');
    gate.open();
    expect(await first).toBe('handled');
    expect(await payments()).toEqual(['a', 'b']);
  });

  test('is handled once by each consumer', async () => {
    expect(await store('billing').once('a', pay('billing'))).toBe('handled');
    expect(await store('mail').once('a', pay('mail'))).toBe('handled');
    expect(await store('mail').once('a', pay('mail'))).toBe('duplicate');
    expect(await payments()).toEqual(['billing', 'mail']);
  });

  test('of 20 calls at once is handled by one', async () => {
    const calls = Array.from({ length: 20 }, () => store().once('a', pay('a')));
    const results = await Promise.all(calls);
    expect(results.filter((result) => result === 'handled')).toHaveLength(1);
    expect(await payments()).toEqual(['a']);
  });
});

describe('a callback is not taken for handled', () => {
  test('when the handler caught the error of a statement, which rolls everything back', async () => {
    const careless = async (client: pg.PoolClient) => {
      await pay('a')(client);
      await client.query('SELECT 1 / 0').catch(() => undefined);
    };
    await expect(store().once('a', careless)).rejects.toThrow('The transaction was rolled back');
    expect(await payments()).toEqual([]);
    expect(await store().once('a', pay('a'))).toBe('handled');
  });

  test('when the connection breaks, and the broken one is not used again', async () => {
    const broken = (client: pg.PoolClient) =>
      client.query('SELECT pg_terminate_backend(pg_backend_pid())').then(() => undefined);
    await expect(store().once('a', broken)).rejects.toThrow('terminating connection');
    expect(await store().once('a', pay('a'))).toBe('handled');
  });
});

test('old ids are pruned', async () => {
  await store().once('old', pay('old'));
  await database.query("UPDATE handled_callbacks SET handled_at = now() - interval '40 days'");
  await store().once('new', pay('new'));
  expect(await store().prune(30)).toBe(1);
  expect(await store().once('new', pay('new'))).toBe('duplicate');
  expect(await store().once('old', pay('old'))).toBe('handled');
});

test('a table in another schema can be used, other texts cannot', async () => {
  await database.query('CREATE SCHEMA inbox');
  const other = postgresDedupStore(pool, { consumer: 'billing', table: 'inbox.handled' });
  await other.createTable();
  expect(await other.once('a', () => Promise.resolve())).toBe('handled');
  expect(await other.once('a', () => Promise.resolve())).toBe('duplicate');
  expect(() => postgresDedupStore(pool, { consumer: 'a', table: 'a; DROP TABLE b' })).toThrow(
    'must be a name',
  );
  expect(() => postgresDedupStore(pool, { consumer: '' })).toThrow('must have 1 to 200 characters');
});

describe('a receiver', () => {
  const paid = defineCallback('paid', z.object({ order: z.string() }), {
    type: 'http',
    url: 'http://shop.example/',
  });
  const request = signedRequest({ body: '{"order":"42"}' });

  test('gives its handler the transaction', async () => {
    const receiver = createReceiver({ secrets: SECRET, dedup: store() }).on(
      paid,
      ({ order }, { transaction }) => transaction.query('INSERT INTO payments VALUES ($1)', [order]),
    );
    expect(await receiver.handle(request)).toMatchObject({ body: '{"result":"handled"}' });
    expect(await receiver.handle(request)).toMatchObject({ body: '{"result":"duplicate"}' });
    expect(await payments()).toEqual(['42']);
  });

  test('takes a store of the team, here with Kysely', async () => {
    const db: Kysely<object> = new kysely.Kysely<object>({
      dialect: new PostgresDialect({ pool: new pg.Pool({ connectionString: database.url, max: 1 }) }),
    });
    const dedup: DedupStore<kysely.Transaction<object>> = {
      once: (id, handle) =>
        db.transaction().execute(async (transaction) => {
          const insert = sql`INSERT INTO handled_callbacks (consumer, id) VALUES ('kysely', ${id}) ON CONFLICT DO NOTHING`;
          const { numAffectedRows } = await insert.execute(transaction);
          if (numAffectedRows === 0n) return 'duplicate';
          await handle(transaction);
          return 'handled';
        }),
    };
    const receiver = createReceiver({ secrets: SECRET, dedup }).on(paid, ({ order }, { transaction }) =>
      sql`INSERT INTO payments VALUES (${order})`.execute(transaction),
    );
    expect(await receiver.handle(request)).toMatchObject({ body: '{"result":"handled"}' });
    expect(await receiver.handle(request)).toMatchObject({ body: '{"result":"duplicate"}' });
    expect(await payments()).toEqual(['42']);
    await db.destroy();
  });
});
