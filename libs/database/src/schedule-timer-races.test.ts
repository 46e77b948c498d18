import { afterAll, afterEach, beforeAll, describe, expect, test } from '@jest/globals';
import { withTestDatabase } from '@timer-platform/test-support/jest';
import pg from 'pg';

let first: pg.Client;
let second: pg.Client;

afterAll(() => Promise.all([first.end(), second.end()]));
const database = withTestDatabase();
beforeAll(async () => {
  first = new pg.Client({ connectionString: database.url });
  second = new pg.Client({ connectionString: database.url });
  await Promise.all([first.connect(), second.connect()]);
});
afterEach(async () => {
  await first.query('ROLLBACK');
  await second.query('ROLLBACK');
  await database.query('DELETE FROM timers');
  await database.query('DELETE FROM idempotency_keys');
});

interface Terms {
  readonly key?: string;
  readonly idempotencyKey?: string;
  /** Told from the other timers by it. */
  readonly payload?: string;
  readonly delay?: string;
}

async function schedule(
  client: pg.Client,
  { key, idempotencyKey, payload = 'same', delay = '1 hour' }: Terms,
): Promise<string> {
  const { rows } = await client.query<{ id: string }>(
    'SELECT schedule_timer($1::jsonb, delay => $2::interval, key => $3, idempotency_key => $4) AS id',
    [JSON.stringify({ type: 'http', url: 'https://example.com/', payload }), delay, key, idempotencyKey],
  );
  return rows[0]?.id ?? '';
}

const CANCEL = 'SELECT cancel_timer_by_key($1) AS canceled';

/** Resolves when the session waits for another transaction. */
async function waitUntilBlocked(client: pg.Client): Promise<void> {
  // The property is not in the types.
  const pid: unknown = Reflect.get(client, 'processID');
  for (;;) {
    const { rows } = await database.query<{ blockers: number }>(
      'SELECT cardinality(pg_blocking_pids($1)) AS blockers',
      [pid],
    );
    if (rows[0]?.blockers !== 0) return;
  }
}

/** What a promise resolves to, or the SQLSTATE and the message with which it rejects. */
async function outcomeOf(promise: Promise<string>): Promise<string> {
  return promise.catch((error: unknown) => {
    if (error instanceof pg.DatabaseError) return `${error.code ?? ''}: ${error.message}`;
    throw error;
  });
}

interface StoredTimer {
  readonly id: string;
  readonly payload: string;
}

async function storedTimers(): Promise<StoredTimer[]> {
  const { rows } = await database.query<StoredTimer>(
    `SELECT id, callback_config ->> 'payload' AS payload FROM timers WHERE status = 'pending' ORDER BY created_at, id`,
  );
  return rows;
}

/** The first one calls, then the second one, which waits; the first one ends, and both outcomes are returned. */
async function race(
  isolation: string,
  termsOfFirst: Terms,
  termsOfSecond: Terms,
  end: 'COMMIT' | 'ROLLBACK',
): Promise<{ readonly id: string; readonly outcome: string }> {
  await first.query(`BEGIN ISOLATION LEVEL ${isolation}`);
  await second.query(`BEGIN ISOLATION LEVEL ${isolation}`);
  // Takes the snapshot of the second transaction, before the first one commits.
  await second.query('SELECT FROM timers');
  const id = await schedule(first, termsOfFirst);
  const waiting = outcomeOf(schedule(second, termsOfSecond));
  await waitUntilBlocked(second);
  await first.query(end);
  const outcome = await waiting;
  await second.query('COMMIT');
  return { id, outcome };
}

const SERIALIZATION_FAILURE = /^40001: could not serialize access/;

describe('of two transactions with one key', () => {
  const mine: Terms = { key: 'order-42', payload: 'first' };
  const other: Terms = { key: 'order-42', payload: 'second' };

  test('the second one replaces the timer of the first one that commits', async () => {
    const { id, outcome } = await race('READ COMMITTED', mine, other, 'COMMIT');
    expect(outcome).toBe(id);
    expect(await storedTimers()).toEqual([{ id, payload: 'second' }]);
  });

  test('the second one stores its own after the first one has rolled back', async () => {
    const { id, outcome } = await race('READ COMMITTED', mine, other, 'ROLLBACK');
    expect(outcome).not.toBe(id);
    expect(await storedTimers()).toEqual([{ id: outcome, payload: 'second' }]);
  });

  test('the second one that rolls back leaves the timer of the first one', async () => {
    await first.query('BEGIN');
    await second.query('BEGIN');
    const id = await schedule(first, mine);
    const waiting = schedule(second, other);
    await waitUntilBlocked(second);
    await first.query('COMMIT');
    expect(await waiting).toBe(id);
    await second.query('ROLLBACK');
    expect(await storedTimers()).toEqual([{ id, payload: 'first' }]);
  });

  test('the second one stores a new timer after the first one has canceled the old one', async () => {
    const old = await schedule(first, mine);
    await first.query('BEGIN');
    await second.query('BEGIN');
    expect((await first.query(CANCEL, ['order-42'])).rows).toEqual([{ canceled: true }]);
    const waiting = schedule(second, other);
    await waitUntilBlocked(second);
    await first.query('COMMIT');
    const id = await waiting;
    await second.query('COMMIT');
    expect(id).not.toBe(old);
    expect(await storedTimers()).toEqual([{ id, payload: 'second' }]);
  });

  test('the second one replaces the old timer after the first one has rolled back its cancellation', async () => {
    const old = await schedule(first, mine);
    await first.query('BEGIN');
    await first.query(CANCEL, ['order-42']);
    const waiting = schedule(second, other);
    await waitUntilBlocked(second);
    await first.query('ROLLBACK');
    expect(await waiting).toBe(old);
    expect(await storedTimers()).toEqual([{ id: old, payload: 'second' }]);
  });
});

describe('of two transactions with one idempotency key', () => {
  const terms: Terms = { idempotencyKey: 'once' };

  test('the second one returns the timer of the first one that commits', async () => {
    const { id, outcome } = await race('READ COMMITTED', terms, terms, 'COMMIT');
    expect(outcome).toBe(id);
    expect(await storedTimers()).toEqual([{ id, payload: 'same' }]);
  });

  test('the second one stores its own after the first one has rolled back', async () => {
    const { id, outcome } = await race('READ COMMITTED', terms, terms, 'ROLLBACK');
    expect(outcome).not.toBe(id);
    expect(await storedTimers()).toEqual([{ id: outcome, payload: 'same' }]);
  });

  test('the second one with another request is refused after the first one has committed', async () => {
    const other = { ...terms, payload: 'second' };
    const { id, outcome } = await race('READ COMMITTED', { ...terms, payload: 'first' }, other, 'COMMIT');
    expect(outcome).toMatch(/^23505: this idempotency_key was used with another request/);
    expect(await storedTimers()).toEqual([{ id, payload: 'first' }]);
  });

  test('the second one with another request is stored after the first one has rolled back', async () => {
    const other = { ...terms, payload: 'second' };
    const { outcome } = await race('READ COMMITTED', { ...terms, payload: 'first' }, other, 'ROLLBACK');
    expect(await storedTimers()).toEqual([{ id: outcome, payload: 'second' }]);
  });

  test('together with one key, there is one timer', async () => {
    const both: Terms = { key: 'order-42', idempotencyKey: 'once' };
    const { id, outcome } = await race('READ COMMITTED', both, both, 'COMMIT');
    expect(outcome).toBe(id);
    expect(await storedTimers()).toEqual([{ id, payload: 'same' }]);
  });
});

describe.each(['REPEATABLE READ', 'SERIALIZABLE'])('at %s', (isolation) => {
  test.each<[string, Terms]>([
    ['key', { key: 'order-42' }],
    ['idempotency key', { idempotencyKey: 'once' }],
  ])(
    'the second one with the same %s fails as one to repeat, and repeated finds the timer',
    async (_, terms) => {
      const { id, outcome } = await race(isolation, terms, terms, 'COMMIT');
      expect(outcome).toMatch(SERIALIZATION_FAILURE);
      await second.query(`BEGIN ISOLATION LEVEL ${isolation}`);
      expect(await schedule(second, terms)).toBe(id);
      await second.query('COMMIT');
      expect(await storedTimers()).toEqual([{ id, payload: 'same' }]);
    },
  );

  test.each<[string, Terms]>([
    ['key', { key: 'order-42' }],
    ['idempotency key', { idempotencyKey: 'once' }],
  ])('the second one with the same %s is stored after the first one has rolled back', async (_, terms) => {
    const { outcome } = await race(isolation, terms, terms, 'ROLLBACK');
    expect(await storedTimers()).toEqual([{ id: outcome, payload: 'same' }]);
  });

  test('a timer that has been replaced since the snapshot fails as one to repeat', async () => {
    await schedule(first, { key: 'order-42', payload: 'old' });
    const outcomes = await race(
      isolation,
      { key: 'order-42' },
      { key: 'order-42', payload: 'lost' },
      'COMMIT',
    );
    expect(outcomes.outcome).toMatch(SERIALIZATION_FAILURE);
    expect(await storedTimers()).toEqual([{ id: outcomes.id, payload: 'same' }]);
  });

  test('a timer that is due later than in 10 seconds is replaced and canceled', async () => {
    await first.query(`BEGIN ISOLATION LEVEL ${isolation}`);
    const id = await schedule(first, { key: 'order-42', payload: 'old' });
    expect(await schedule(first, { key: 'order-42', payload: 'new' })).toBe(id);
    expect((await first.query(CANCEL, ['order-42'])).rows).toEqual([{ canceled: true }]);
    await first.query('COMMIT');
  });

  test('a timer that is due earlier is stored, and neither replaced nor canceled', async () => {
    const id = await schedule(first, { key: 'order-42', delay: '5 seconds' });
    const REFUSED = /^0A000: a timer that is due within 10 seconds can only be changed at .* READ COMMITTED$/;
    for (const action of [
      () => schedule(first, { key: 'order-42' }),
      async () => String((await first.query('SELECT cancel_timer($1)', [id])).rowCount),
    ]) {
      await first.query(`BEGIN ISOLATION LEVEL ${isolation}`);
      expect(await outcomeOf(action())).toMatch(REFUSED);
      await first.query('ROLLBACK');
    }
    expect(await storedTimers()).toEqual([{ id, payload: 'same' }]);
  });
});
