import { randomUUID } from 'node:crypto';
import { beforeEach, expect, test } from '@jest/globals';
import { timerFactory } from '@timer-platform/test-support';
import { withTestDatabase } from '@timer-platform/test-support/jest';
import { connect } from '../connect.ts';
import { findTimer } from '../timers/find-timer.ts';
import { claimDueTimers } from './claim-due-timers.ts';
import { acquireLease } from './leases.ts';
import { oldestDueAge } from './oldest-due.ts';
import { releaseClaims } from './release-claims.ts';
import { findDestinationsToReturn, returnParkedTimers } from './return-parked-timers.ts';

const database = withTestDatabase({
  open: (url, onIdleError) =>
    connect({ url, applicationName: 'parked.test', poolSize: 4, byIndexOnly: true, onIdleError }),
});
const timers = timerFactory(database.query);
const dispatcherId = randomUUID();

beforeEach(async () => {
  await database.query('TRUNCATE timers, dispatchers, claim_batches, destination_settings CASCADE');
  await acquireLease(database.db, dispatcherId, 'test');
});

/** Parks every timer that is due, as a dispatcher does. Returns how many. */
async function park(destination: string): Promise<number> {
  const claimed = await claimDueTimers(database.db, {
    dispatcherId,
    lookAheadMs: 0,
    recent: { fromMs: -Infinity, toMs: Infinity, limit: 10_000 },
    backlog: { fromMs: Infinity, toMs: -Infinity, limit: 0 },
    maxBytes: 1e9,
  });
  const released = (claimed?.rows ?? []).map(({ id, batchId, fencingToken }) => ({
    ...{ id, batchId, fencingToken, notBeforeMs: null, reason: null },
    pausedFor: destination,
  }));
  return releaseClaims(database.db, dispatcherId, released);
}

async function pause(destination: string): Promise<void> {
  await database.query(
    `INSERT INTO destination_settings (destination, paused_at, updated_by) VALUES ($1, now(), 'test')`,
    [destination],
  );
}

test('a parked timer keeps when it was due, is pending, and is not overdue', async () => {
  const id = await timers.create({ execute_at: new Date('2026-01-01T00:00:00Z') });
  expect(await park('http://a')).toBe(1);
  expect(await findTimer(database.db, id)).toMatchObject({
    status: 'pending',
    due_at: new Date('2026-01-01T00:00:00Z'),
    attempts: 0,
  });
  expect(await oldestDueAge(database.db)).toBe(0);
  expect(await park('http://a')).toBe(0);
});

test('the destinations with parked timers are named unless they are paused', async () => {
  for (const destination of ['http://a', 'http://b', 'nats:c']) {
    await timers.createMany([{}, {}].map(() => ({ execute_at: new Date(Date.now() - 1_000) })));
    await park(destination);
  }
  await pause('http://b');
  expect(await findDestinationsToReturn(database.db)).toEqual(['http://a', 'nats:c']);
  expect(await returnParkedTimers(database.db, 'http://b', 10)).toBe(0);
  expect(await returnParkedTimers(database.db, 'http://a', 1)).toBe(1);
  expect(await returnParkedTimers(database.db, 'http://a', 10)).toBe(1);
  expect(await findDestinationsToReturn(database.db)).toEqual(['nats:c']);
});

test('a timer that is returned is due from then on', async () => {
  const id = await timers.create({ execute_at: new Date('2026-01-01T00:00:00Z') });
  await park('http://a');
  await returnParkedTimers(database.db, 'http://a', 10);
  const { rows } = await database.query(
    `SELECT next_attempt_at BETWEEN now() - interval '10 s' AND now() AS due, due_since, paused_for FROM timers WHERE id = $1`,
    [id],
  );
  expect(rows).toEqual([{ due: true, due_since: null, paused_for: null }]);
});

test('a timer that an older version of the service has moved is not returned early', async () => {
  const id = await timers.create({ execute_at: new Date('2026-01-01T00:00:00Z') });
  await park('http://a');
  await database.query(
    `UPDATE timers SET execute_at = now() + interval '1 h', next_attempt_at = NULL, due_since = NULL WHERE id = $1`,
    [id],
  );
  expect(await findDestinationsToReturn(database.db)).toEqual([]);
  expect(await returnParkedTimers(database.db, 'http://a', 10)).toBe(0);
});

test('a search costs one look-up per destination, however many timers are parked', async () => {
  await timers.createMany(
    Array.from({ length: 3_000 }, () => ({ execute_at: new Date(Date.now() - 1_000) })),
  );
  await park('http://a');
  await pause('http://a');
  await database.query('VACUUM ANALYZE timers');
  await findDestinationsToReturn(database.db);
  const { rows } = await database.query<{ 'QUERY PLAN': [{ Plan: { 'Shared Hit Blocks': number } }] }>(
    `EXPLAIN (ANALYZE, BUFFERS, FORMAT JSON) WITH RECURSIVE parked AS (
       (SELECT paused_for AS name FROM timers WHERE status = 'pending' AND next_attempt_at = 'infinity' AND paused_for IS NOT NULL
        ORDER BY paused_for LIMIT 1)
       UNION ALL
       SELECT (SELECT paused_for FROM timers WHERE status = 'pending' AND next_attempt_at = 'infinity' AND paused_for IS NOT NULL
               AND paused_for > parked.name ORDER BY paused_for LIMIT 1)
       FROM parked WHERE parked.name IS NOT NULL
     ) SELECT name FROM parked`,
  );
  expect(rows[0]?.['QUERY PLAN'][0].Plan['Shared Hit Blocks']).toBeLessThan(20);
});
