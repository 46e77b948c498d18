import { createSecretKey } from 'node:crypto';
import { describe, expect, test } from '@jest/globals';
import { timerFactory } from '@timer-platform/test-support';
import { withTestDatabase } from '@timer-platform/test-support/jest';
import { connect } from '../connect.ts';
import { decryptHeaders, type HeaderKeys } from '../header-encryption.ts';
import { bulk, countRetryable } from '../testing/bulk.ts';
import { cancelTimer, retryTimer } from './change-timer.ts';
import { findTimer } from './find-timer.ts';
import { insertTimers, type NewTimer } from './insert-timers.ts';
import { putTimer } from './put-timer.ts';
import { findTimerByKey } from './timer-keys.ts';

const database = withTestDatabase({
  perTest: true,
  open: (url, onIdleError) => connect({ url, applicationName: 'put-timer.test', poolSize: 20, onIdleError }),
});
const timers = timerFactory(database.query);

const KEY = { client: 'billing', key: 'order-42' };
const EXECUTE_AT = '2099-01-31T09:00:00.000Z';
const LATER = '2099-06-30T09:00:00.000Z';
const timer: NewTimer = {
  executeAt: EXECUTE_AT,
  callback: { type: 'http', url: 'https://example.com/hook' },
  metadata: { n: 1 },
  retry: { max_attempts: 2 },
  expiresAt: '2099-12-31T00:00:00.000Z',
};

async function put(more: Partial<NewTimer> = {}): Promise<string> {
  const result = await putTimer(database.db, KEY, { ...timer, ...more });
  if (result.outcome !== 'created' && result.outcome !== 'replaced') throw new Error(result.outcome);
  return result.id;
}

async function set(id: string, assignments: string): Promise<void> {
  await database.query(`UPDATE timers SET ${assignments} WHERE id = $1`, [id]);
}

/** Claims a timer as a dispatcher does. */
async function claim(id: string): Promise<void> {
  await database.query(`UPDATE timers SET next_attempt_at = now() WHERE id = $1`, [id]);
  await database.query(
    `INSERT INTO claim_batches (due_from, due_to, timer_ids, tokens)
     SELECT next_attempt_at, next_attempt_at, ARRAY[id], ARRAY[claims] FROM timers WHERE id = $1`,
    [id],
  );
}

async function countPending(): Promise<number> {
  const { rows } = await database.query<{ count: string }>(
    `SELECT count(*) FROM timers WHERE status = 'pending'`,
  );
  return Number(rows[0]?.count);
}

describe('putTimer', () => {
  test('stores a timer, and replaces all of it under the same id', async () => {
    const id = await put();
    expect(await findTimer(database.db, id)).toMatchObject({ key: KEY.key, metadata: { n: 1 } });
    const callback = { type: 'nats', topic: 'orders' } as const;
    expect(await putTimer(database.db, KEY, { executeAt: LATER, callback })).toStrictEqual({
      outcome: 'replaced',
      id,
    });
    expect(await findTimer(database.db, id)).toMatchObject({
      execute_at: new Date(LATER),
      callback_type: 'nats',
      callback_config: callback,
      metadata: null,
      retry: null,
      expires_at: null,
      key: KEY.key,
    });
  });

  test('a timer that waits for a retry starts again, as another message', async () => {
    const id = await put();
    await set(id, 'attempts = 2, claims = 2, lost_claims = 3, next_attempt_at = now() + interval $$1 day$$');
    expect(await put({ executeAt: LATER })).toBe(id);
    const { rows } = await database.query(
      'SELECT attempts_forgiven, lost_claims, next_attempt_at, revision, retry_from FROM timers',
    );
    expect(rows).toStrictEqual([
      { attempts_forgiven: 2, lost_claims: 0, next_attempt_at: null, revision: 1, retry_from: null },
    ]);
  });

  test('refuses while an attempt is about to start or in flight', async () => {
    const id = await put();
    await claim(id);
    const before = await findTimer(database.db, id);
    const result = await putTimer(database.db, KEY, { ...timer, executeAt: LATER });
    expect(result).toStrictEqual({ outcome: 'wrong-state', status: 'executing' });
    expect(await findTimer(database.db, id)).toStrictEqual(before);
    expect(await countPending()).toBe(1);
  });

  test.each(['completed', 'failed', 'canceled'])(
    'stores another timer if the last one is %s',
    async (status) => {
      const first = await put();
      await set(first, `status = '${status}'`);
      expect(await findTimerByKey(database.db, KEY)).toBe(first);
      const second = await put();
      expect(second).not.toBe(first);
      expect(await findTimerByKey(database.db, KEY)).toBe(second);
    },
  );

  test('refuses an instant in the past and an early expiry, for a new timer and for a replaced one', async () => {
    const past = { ...timer, executeAt: '2020-01-01T00:00:00Z', expiresAt: null };
    const expired = { ...timer, executeAt: '2099-12-31T00:00:00.000Z' };
    for (let round = 0; round < 2; round += 1) {
      expect(await putTimer(database.db, KEY, past)).toStrictEqual({ outcome: 'in-the-past' });
      expect(await putTimer(database.db, KEY, expired)).toStrictEqual({ outcome: 'expires-before-due' });
      await put();
    }
  });

  test('each client has its own keys', async () => {
    const mine = await put();
    const others = { client: 'shipping', key: KEY.key };
    expect(await findTimerByKey(database.db, others)).toBeUndefined();
    expect(await putTimer(database.db, others, timer)).toMatchObject({ outcome: 'created' });
    expect(await findTimerByKey(database.db, KEY)).toBe(mine);
  });

  test('of many calls with one key at once, one stores the timer and the others replace it', async () => {
    const delays = Array.from({ length: 40 }, (_, n) => 1_000_000 + n);
    const results = await Promise.all(
      delays.map((delayMs) => putTimer(database.db, KEY, { callback: timer.callback, delayMs })),
    );
    expect(results.filter(({ outcome }) => outcome === 'created')).toHaveLength(1);
    expect(results.filter(({ outcome }) => outcome === 'replaced')).toHaveLength(39);
    expect(await countPending()).toBe(1);
  });

  test('calls that race with cancellations leave no second timer and no error', async () => {
    for (let round = 0; round < 10; round += 1) {
      const id = await put();
      const results = await Promise.all([put(), cancelTimer(database.db, id), put(), put()]);
      expect(results).toHaveLength(4);
      expect(await countPending()).toBeLessThanOrEqual(1);
    }
  });

  test('encrypts the headers of a replaced timer for its id', async () => {
    const key = createSecretKey(Buffer.alloc(32, 1));
    const keys: HeaderKeys = { current: 'a', byId: new Map([['a', key]]) };
    const callback = { type: 'http', url: 'https://example.com/', headers: { Authorization: 'x' } } as const;
    const id = await put();
    await putTimer(database.db, KEY, { ...timer, callback }, { headerKeys: keys });
    const stored = (await findTimer(database.db, id))?.callback_config ?? null;
    expect(JSON.stringify(stored)).not.toContain('Authorization');
    expect(decryptHeaders(keys, id, stored)).toMatchObject({ ok: true, config: callback });
  });
});

describe('putTimer with an idempotency key', () => {
  const idempotency = { client: 'billing:1', key: 'first', requestHash: Buffer.alloc(32, 1) };
  const once = (more: Partial<NewTimer> = {}) =>
    putTimer(database.db, KEY, { ...timer, ...more }, { idempotency });
  const repeated = (id: string, sameRequest = true) => ({ outcome: 'repeated', timerIds: [id], sameRequest });

  test.each([
    ['stored', () => Promise.resolve()],
    ['replaced', () => put()],
  ])('a timer that was %s is found again, whatever has become of it', async (outcome, prepare) => {
    await prepare();
    const result = await once();
    expect(result).toMatchObject({ outcome: outcome === 'stored' ? 'created' : outcome });
    const id = (await findTimerByKey(database.db, KEY)) ?? '';
    expect(await once()).toStrictEqual(repeated(id));
    await claim(id);
    expect(await once()).toStrictEqual(repeated(id));
    await set(id, `status = 'completed'`);
    expect(await once()).toStrictEqual(repeated(id));
    // Nobody has stored a second timer or changed the one of another request.
    const second = await put({ executeAt: LATER });
    const before = await findTimer(database.db, second);
    expect(await once()).toStrictEqual(repeated(id));
    expect(await once({ executeAt: '2020-01-01T00:00:00Z', expiresAt: null })).toStrictEqual(repeated(id));
    expect(await findTimer(database.db, second)).toStrictEqual(before);
    expect(await countPending()).toBe(1);
  });

  test('another request with the key is told apart', async () => {
    await once();
    const id = (await findTimerByKey(database.db, KEY)) ?? '';
    const other = { ...idempotency, requestHash: Buffer.alloc(32, 2) };
    expect(await putTimer(database.db, KEY, timer, { idempotency: other })).toStrictEqual(
      repeated(id, false),
    );
  });

  test('a refused request does not use the key up', async () => {
    const id = await put();
    await claim(id);
    expect(await once()).toStrictEqual({ outcome: 'wrong-state', status: 'executing' });
    await set(id, `status = 'completed'`);
    expect(await once({ expiresAt: EXECUTE_AT })).toStrictEqual({ outcome: 'expires-before-due' });
    expect(await once({ executeAt: '2020-01-01T00:00:00Z' })).toStrictEqual({ outcome: 'in-the-past' });
    expect(await once()).toMatchObject({ outcome: 'created' });
  });

  test.each([
    ['stores', false],
    ['replaces', true],
  ])('of many repetitions at once, one %s the timer', async (_name, exists) => {
    if (exists) await put();
    const results = await Promise.all(Array.from({ length: 40 }, () => once({ executeAt: LATER })));
    const outcomes = results.map(({ outcome }) => outcome);
    expect(outcomes.filter((outcome) => outcome === 'repeated')).toHaveLength(39);
    expect(outcomes).toContain(exists ? 'replaced' : 'created');
    expect(await countPending()).toBe(1);
  });

  test('requests with other keys, at once, are all carried out', async () => {
    const results = await Promise.all(
      Array.from({ length: 40 }, (_, n) =>
        putTimer(database.db, KEY, timer, { idempotency: { ...idempotency, key: `key-${n}` } }),
      ),
    );
    expect(results.filter(({ outcome }) => outcome === 'created')).toHaveLength(1);
    expect(results.filter(({ outcome }) => outcome === 'replaced')).toHaveLength(39);
    const { rows } = await database.query('SELECT count(*)::int FROM idempotency_keys');
    expect(rows).toStrictEqual([{ count: 40 }]);
  });
});

describe('a key in use', () => {
  const keyed = (key: string, client = KEY.client): NewTimer => ({ ...timer, timerKey: { client, key } });

  test('insertTimers stores nothing and names the items', async () => {
    await put();
    const items = [keyed('a'), timer, keyed(KEY.key), keyed('b'), keyed('a'), keyed('b', 'shipping')];
    expect(await insertTimers(database.db, items)).toStrictEqual({ outcome: 'key-in-use', items: [2, 4] });
    expect(await countPending()).toBe(1);
  });

  test('a failed timer is not retried, and is when the key is free', async () => {
    const failed = await put();
    await set(failed, `status = 'failed'`);
    const second = await put();
    expect(await retryTimer(database.db, failed)).toStrictEqual({ outcome: 'key-in-use' });
    await cancelTimer(database.db, second);
    expect(await retryTimer(database.db, failed)).toMatchObject({ outcome: 'changed' });
  });

  test('a retry of many leaves out timers whose key is in use, and older ones of the same key', async () => {
    const failed = { status: 'failed', last_error: 'HTTP 503' };
    const keys = ['a', 'a', 'b', null, null];
    const ids = await timers.createMany(keys.map(() => failed));
    for (const [index, key] of keys.entries())
      await database.query(
        `UPDATE timers SET client = 'billing', key = $2, created_at = created_at + $3 * interval '1 ms' WHERE id = $1`,
        [ids[index], key, index],
      );
    await putTimer(database.db, { client: 'billing', key: 'b' }, timer);
    expect(await countRetryable(database.db, {}, 100)).toBe(3);
    expect(await bulk(database.db, 'retry_timers', {}, { limit: 100 })).toMatchObject({ changed: 3 });
    const { rows } = await database.query<{ id: string }>(`SELECT id FROM timers WHERE status = 'failed'`);
    expect(rows.map(({ id }) => id).sort()).toStrictEqual([ids[0], ids[2]].sort());
  });
});

test('a timer without a key has no entry in the indexes of keys', async () => {
  await insertTimers(
    database.db,
    Array.from({ length: 100 }, () => timer),
  );
  const { rows } = await database.query(
    `SELECT pg_relation_size('idx_timers_key') + pg_relation_size('idx_timers_pending_key')::bigint AS bytes`,
  );
  // One page of metadata each, and no page with entries.
  expect(rows).toStrictEqual([{ bytes: '16384' }]);
});
