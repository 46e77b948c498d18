import { beforeAll, describe, expect, test } from '@jest/globals';
import type { CallbackConfig } from '@timer-platform/callback-types';
import { withTestDatabase } from '@timer-platform/test-support/jest';
import { sql } from 'drizzle-orm';
import { drizzle } from 'drizzle-orm/node-postgres';
import { Kysely, PostgresDialect } from 'kysely';
import pg from 'pg';
import { z } from 'zod';
import { defineCallback } from '../callbacks/define-callback.ts';
import { TimerError } from '../client/errors.ts';
import { prismaErrorOf } from '../testing/prisma-error.ts';
import { inTransaction, type PrismaTransaction, type TransactionTimers } from './transaction.ts';

const database = withTestDatabase();
const callback: CallbackConfig = {
  type: 'http',
  url: 'https://shop.example/due',
  payload: { quote: `"'\\` },
};
const paymentDue = defineCallback('payment-due', z.object({ order: z.int() }), {
  type: 'http',
  url: 'https://shop.example/due',
});

/** Runs the work in a transaction of one library. Rolls back when it throws. */
type InTransactionOf = (work: (timers: TransactionTimers) => Promise<unknown>) => Promise<unknown>;

async function withPool<Result>(work: (pool: pg.Pool) => Promise<Result>): Promise<Result> {
  const pool = new pg.Pool({ connectionString: database.url });
  try {
    return await work(pool);
  } finally {
    await pool.end();
  }
}

/** A transaction of pg, whose client `use` turns into that of another library. */
function withClient(use: (client: pg.PoolClient) => TransactionTimers): InTransactionOf {
  return (work) =>
    withPool(async (pool) => {
      const client = await pool.connect();
      try {
        await client.query('BEGIN');
        await work(use(client));
        await client.query('COMMIT');
      } catch (error) {
        await client.query('ROLLBACK');
        throw error;
      } finally {
        client.release();
      }
    });
}

const libraries: Readonly<Record<string, InTransactionOf>> = {
  pg: withClient((client) => inTransaction(client)),
  Kysely: (work) =>
    withPool((pool) =>
      new Kysely({ dialect: new PostgresDialect({ pool }) })
        .transaction()
        .execute((tx) => work(inTransaction(tx))),
    ),
  Drizzle: (work) => withPool((pool) => drizzle(pool).transaction((tx) => work(inTransaction(tx, { sql })))),
  // Prisma itself is not a dependency: `examples:check-prisma` runs it. This has the shape of its method and its errors.
  'the shape of Prisma': withClient((client) => {
    const tx: PrismaTransaction = {
      $queryRawUnsafe: async (text, ...values) => {
        try {
          return (await client.query(text, values)).rows as unknown[];
        } catch (error) {
          throw error instanceof pg.DatabaseError ? prismaErrorOf(error) : error;
        }
      },
    };
    return inTransaction(tx);
  }),
};

async function timersWithKey(key: string): Promise<unknown[]> {
  const { rows } = await database.query(
    'SELECT id, status, callback_config, metadata, retry, execute_at, expires_at FROM timers WHERE key = $1',
    [key],
  );
  return rows;
}

async function errorOf(action: Promise<unknown>): Promise<unknown> {
  return action.then(
    () => {
      throw new Error('nothing was thrown');
    },
    (error: unknown) => error,
  );
}

beforeAll(async () => {
  // What a service records when it starts.
  await database.query(
    'INSERT INTO installation_settings (encrypts_headers, delivers_nats) VALUES (FALSE, TRUE)',
  );
});

describe.each(Object.entries(libraries))('in a transaction of %s', (name, transact) => {
  const key = name.replaceAll(' ', '-');

  test('a timer exists with all that was passed when the transaction commits', async () => {
    let id = '';
    await transact(async (timers) => {
      id = await timers.create(callback, {
        execute_at: new Date('2099-01-31T09:00:00.123Z'),
        expires_at: '2099-02-01T10:00:00+01:00',
        key,
        metadata: { note: 'it’s due' },
        retry: { max_attempts: 2 },
      });
      expect(await timersWithKey(key)).toEqual([]);
    });
    expect(await timersWithKey(key)).toEqual([
      {
        id,
        status: 'pending',
        callback_config: callback,
        metadata: { note: 'it’s due' },
        retry: { max_attempts: 2 },
        execute_at: new Date('2099-01-31T09:00:00.123Z'),
        expires_at: new Date('2099-02-01T09:00:00Z'),
      },
    ]);
  });

  test('no timer exists when the transaction is rolled back', async () => {
    const error = new Error('the order was refused');
    const rolledBack = transact(async (timers) => {
      await timers.create(callback, { delay: '3d', key: `${key}-rolled-back` });
      throw error;
    });
    expect(await errorOf(rolledBack)).toBe(error);
    expect(await timersWithKey(`${key}-rolled-back`)).toEqual([]);
  });

  test('a callback of a definition is validated and sent', async () => {
    await transact((timers) =>
      timers.create(paymentDue, { order: 42 }, { delay: '1d12h', key: `${key}-typed` }),
    );
    expect(await timersWithKey(`${key}-typed`)).toMatchObject([
      { callback_config: paymentDue.to({ order: 42 }) },
    ]);
    // @ts-expect-error an order is a number
    const wrong = transact((timers) => timers.create(paymentDue, { order: '42' }, { delay: '3d' }));
    expect(await errorOf(wrong)).toMatchObject({ name: 'PayloadError' });
  });

  test('a repeated idempotency key returns the first timer', async () => {
    const ids: string[] = [];
    const terms = { execute_at: '2099-01-31T09:00:00Z', idempotencyKey: `${key}-once` };
    for (let n = 0; n < 2; n += 1)
      await transact(async (timers) => ids.push(await timers.create(callback, terms)));
    expect(ids[0]).toBe(ids[1]);
  });

  test('an idempotency key of another request, or of a deleted timer, is refused with its reason', async () => {
    const terms = { execute_at: '2099-01-31T09:00:00Z', idempotencyKey: `${key}-conflict` };
    let id = '';
    await transact(async (timers) => {
      id = await timers.create(callback, terms);
    });
    const other = transact((timers) => timers.create(callback, { ...terms, metadata: 1 }));
    const conflict = { kind: 'idempotencyConflict', code: 7 };
    expect(await errorOf(other)).toMatchObject({ ...conflict, reason: 'different_request' });
    await database.query('DELETE FROM timers WHERE id = $1', [id]);
    const repeated = transact((timers) => timers.create(callback, terms));
    expect(await errorOf(repeated)).toMatchObject({ ...conflict, reason: 'timers_deleted' });
  });

  test('a timer is canceled by its id or its key, once', async () => {
    const canceled: boolean[] = [];
    await transact(async (timers) => {
      const id = await timers.create(callback, { delay: '3d' });
      canceled.push(await timers.cancel(id), await timers.cancel(id));
      await timers.create(callback, { delay: '3d', key: `${key}-canceled` });
      canceled.push(await timers.cancelByKey(`${key}-canceled`), await timers.cancelByKey(`${key}-canceled`));
    });
    expect(canceled).toEqual([true, false, true, false]);
  });

  test('a refusal is the error that the client throws for the API, with the error of the driver as its cause', async () => {
    const refused = await errorOf(
      transact((timers) => timers.create({ type: 'http', url: 'ftp://shop.example' }, { delay: '3d' })),
    );
    expect(refused).toBeInstanceOf(TimerError);
    expect(refused).toMatchObject({ kind: 'validation', code: 2, issues: [{ path: 'callback.url' }] });
    expect((refused as TimerError).cause).toBeDefined();
  });

  test('another error is that of the driver', async () => {
    const failed = await errorOf(transact((timers) => timers.cancel('not-a-uuid')));
    expect(failed).not.toBeInstanceOf(TimerError);
    expect(JSON.stringify(failed, Object.getOwnPropertyNames(failed))).toContain('not-a-uuid');
  });
});

describe('before anything is sent', () => {
  const timers = inTransaction({ query: () => Promise.reject(new Error('a query was sent')) });

  test.each([
    ['delay', { delay: '3 days' }],
    ['execute_at', { execute_at: new Date(Number.NaN) }],
  ])('a malformed %s is refused', async (path, terms) => {
    expect(await errorOf(timers.create(callback, terms))).toMatchObject({
      kind: 'validation',
      issues: [{ path }],
    });
  });

  test('what is no transaction is refused', () => {
    // @ts-expect-error not a transaction
    expect(() => inTransaction({})).toThrow('inTransaction takes a client of pg');
  });

  test.each(['', 'a"b', 'a'.repeat(64)])('the schema %j is refused', (schema) => {
    expect(() => inTransaction({ query: () => Promise.resolve({ rows: [] }) }, { schema })).toThrow(
      'schema must be',
    );
  });
});

test('the functions are found in another schema than those of the search path', async () => {
  await withPool(async (pool) => {
    const client = await pool.connect();
    await client.query('BEGIN; SET LOCAL search_path = pg_catalog');
    const timers = inTransaction(client, { schema: 'public' });
    await expect(timers.create(callback, { delay: '3d' })).resolves.toMatch(/^[0-9a-f-]{36}$/);
    await client.query('ROLLBACK');
    client.release();
  });
});
