import { describe, expect, test } from '@jest/globals';
import type { ClaimedRow, ClaimRange, ClaimRequest, ClaimResult } from '@timer-platform/database';
import type { Transports } from '../../transports/transport.ts';
import type { ClaimedTimer } from '../claimed-timer.ts';
import { DatabaseClock } from '../database-clock.ts';
import { HeldTimers } from '../held-timers.ts';
import type { Lease } from '../lease/lease.ts';
import { claimedRow, validLease } from '../testing/claimed-timer.ts';
import { gate } from '../testing/gate.ts';
import { IGNORE_EVENTS } from '../testing/ignore-events.ts';
import { ScriptedTransport } from '../testing/scripted-transport.ts';
import { Claimer, type ClaimStatements } from './claimer.ts';
import { LiveBatches } from './live-batches.ts';

const RECENT: ClaimRange = { fromMs: 100, toMs: 200, limit: 500 };
const BACKLOG: ClaimRange = { fromMs: 0, toMs: 100, limit: 20 };
const EPOCH_MS = 1_000_000;

function found(...rows: ClaimedRow[]): ClaimResult {
  const range = { more: false, reachedMs: null };
  return {
    rows,
    recent: range,
    backlog: range,
    nowMs: EPOCH_MS,
    polledUpToMs: EPOCH_MS + 250,
    nextDueMs: null,
    suspects: false,
  };
}

interface Setup extends Partial<ClaimStatements> {
  readonly unwritten?: number;
  readonly httpDestination?: (url: string) => string;
}

function createClaimer({ claim, claimSuspects, unwritten = 0, httpDestination = () => 'http' }: Setup = {}) {
  const requests: ClaimRequest[] = [];
  const queued: ClaimedTimer[] = [];
  const failed: { id: string; lease: Lease; error: string }[] = [];
  const lost: Lease[] = [];
  const released: string[] = [];
  const events: string[] = [];
  const batches = new LiveBatches();
  const held = new HeldTimers();
  const databaseClock = new DatabaseClock();
  const clock = { nowMs: 0, monotonicMs: () => clock.nowMs, wallMs: () => 0 };
  const leaseKeeper = { lease: validLease(), lost: (lease: Lease) => lost.push(lease) };
  const transports: Transports = {
    http: new ScriptedTransport<'http'>(({ url }) => httpDestination(url)),
    nats: new ScriptedTransport<'nats'>(({ topic }) => ({ name: topic, endpoint: 'nats', route: topic })),
  };
  const claimer = new Claimer({
    statements: {
      claim: (request) => {
        requests.push(request);
        return claim?.(request) ?? Promise.resolve(found());
      },
      claimSuspects: claimSuspects ?? (() => Promise.resolve([])),
    },
    lookAheadMs: 250,
    clock,
    databaseMs: () => databaseClock.at(clock.nowMs),
    databaseClock,
    leaseKeeper,
    batches,
    held,
    unwritten: { size: unwritten, pendingOfBacklog: 0 },
    queue: {
      add: (timers) => {
        queued.push(...timers);
      },
      takeAfter: (dueMs) =>
        queued.splice(0).filter((timer) => timer.dueMs > dueMs || queued.push(timer) === 0),
    },
    attemptRunner: {
      release: (timer) => {
        held.dropped(timer);
        released.push(timer.id);
      },
      failUnreadable: (row, lease, error) => {
        held.dropped(row);
        failed.push({ id: row.id, lease, error });
      },
    },
    transports,
    decryptHeaders: (timerId, config) =>
      timerId === 'encrypted' ? { ok: false, reason: 'no key decrypts the headers' } : { ok: true, config },
    observer: {
      ...IGNORE_EVENTS,
      claimed: (timers) => events.push(`claimed ${timers}`),
      defect: (error, timerId) => events.push(`defect ${String(error)} ${timerId}`),
    },
  });
  return {
    claimer,
    requests,
    queued,
    failed,
    released,
    lost,
    events,
    batches,
    held,
    databaseClock,
    clock,
    leaseKeeper,
  };
}

describe('claim', () => {
  test('claims both ranges under the lease', async () => {
    const { claimer, requests, leaseKeeper } = createClaimer();
    await claimer.claim(RECENT, BACKLOG, 4_096);
    expect(requests).toEqual([
      {
        dispatcherId: leaseKeeper.lease.id,
        lookAheadMs: 250,
        recent: RECENT,
        backlog: BACKLOG,
        maxBytes: 4_096,
      },
    ]);
  });

  test('holds what it claimed and queues it', async () => {
    const result = found(
      claimedRow({ id: 'a', batchId: '1' }),
      claimedRow({ id: 'b', batchId: '2', range: 'backlog' }),
    );
    const { claimer, queued, held, batches, events, leaseKeeper } = createClaimer({
      claim: () => Promise.resolve(result),
    });
    expect(await claimer.claim(RECENT, BACKLOG, 4_096)).toBe(result);
    expect(queued.map(({ id }) => id)).toEqual(['a', 'b']);
    for (const { lease } of queued) expect(lease).toBe(leaseKeeper.lease);
    expect([held.count('recent'), held.count('backlog'), held.bytes]).toEqual([1, 1, 200]);
    expect(['1', '2'].map((batchId) => batches.isKnown(batchId))).toEqual([true, true]);
    expect(events).toEqual(['claimed 2']);
  });

  test('reports no claim of nothing', async () => {
    const { claimer, events } = createClaimer();
    await claimer.claim(RECENT, BACKLOG, 4_096);
    expect(events).toEqual([]);
  });

  test('reads the clock of the database', async () => {
    const { claimer, clock, databaseClock } = createClaimer({
      claim: () => {
        clock.nowMs = 40;
        return Promise.resolve(found());
      },
    });
    await claimer.claim(RECENT, BACKLOG, 4_096);
    expect(databaseClock.at(40)).toBe(EPOCH_MS);
  });

  test('finds that the lease is lost', async () => {
    const { claimer, lost, leaseKeeper } = createClaimer({ claim: () => Promise.resolve(undefined) });
    const { lease } = leaseKeeper;
    // The claim of a lease that the keeper has replaced in the meantime concerns the old one.
    const claimed = claimer.claim(RECENT, BACKLOG, 4_096);
    leaseKeeper.lease = validLease();
    expect(await claimed).toBeUndefined();
    expect(lost).toEqual([lease]);
    expect(lost[0]).toBe(lease);
  });

  test('drops the result for a lease that was lost in the meantime', async () => {
    const result = gate<ClaimResult | undefined>();
    const { claimer, queued, held, batches, events, leaseKeeper } = createClaimer({
      claim: () => result.passed,
    });
    const claimed = claimer.claim(RECENT, BACKLOG, 4_096);
    leaseKeeper.lease.lose();
    leaseKeeper.lease = validLease();
    result.open(found(claimedRow({ batchId: '1' })));
    await claimed;
    expect(queued).toEqual([]);
    expect(held.bytes).toBe(0);
    expect(batches.isKnown('1')).toBe(false);
    expect(events).toEqual([]);
  });

  test('passes an error of the database on', async () => {
    const { claimer } = createClaimer({ claim: () => Promise.reject(new Error('connection terminated')) });
    await expect(claimer.claim(RECENT, BACKLOG, 4_096)).rejects.toThrow('connection terminated');
  });
});

describe('rows that cannot be read', () => {
  test.each<[string, Partial<ClaimedRow>, RegExp]>([
    [
      'a malformed callback',
      { callbackConfig: '{"type":"http","url":7}' },
      /^callback_config cannot be parsed: url /,
    ],
    ['an unknown type', { callbackConfig: '{"type":"fax"}' }, /^callback_config cannot be parsed: type /],
    ['a malformed retry policy', { retry: { max_attempts: 0 } }, /^retry cannot be parsed: max_attempts /],
    [
      'headers without a key',
      { id: 'encrypted', callbackConfig: '{"type":"http","url":"http://encrypted.test/"}' },
      /^no key decrypts the headers$/,
    ],
  ])('%s fails its timer, with the reason; the others go on', async (_, unreadable, reason) => {
    const rows = [
      claimedRow({ id: 'a' }),
      claimedRow({ id: 'broken', ...unreadable }),
      claimedRow({ id: 'c' }),
    ];
    const { claimer, queued, failed, held, batches, leaseKeeper } = createClaimer({
      claim: () => Promise.resolve(found(...rows)),
    });
    await claimer.claim(RECENT, BACKLOG, 4_096);
    expect(queued.map(({ id }) => id)).toEqual(['a', 'c']);
    expect(failed).toHaveLength(1);
    expect(failed[0]?.error).toMatch(reason);
    expect(failed[0]?.lease).toBe(leaseKeeper.lease);
    expect(held.count('recent')).toBe(2);
    // Its batch ends with the settle.
    expect(batches.isKnown('batch')).toBe(true);
  });

  test('a defect of a transport fails the timer; the others go on', async () => {
    const rows = ['a', 'broken', 'c'].map((id) =>
      claimedRow({ id, callbackConfig: JSON.stringify({ type: 'http', url: `http://${id}.test/` }) }),
    );
    const { claimer, queued, failed, events } = createClaimer({
      claim: () => Promise.resolve(found(...rows)),
      httpDestination: (url) => {
        if (url.includes('broken')) throw new Error('no destination');
        return url;
      },
    });
    await claimer.claim(RECENT, BACKLOG, 4_096);
    expect(queued.map(({ destination }) => destination.endpoint)).toEqual([
      'http://a.test/',
      'http://c.test/',
    ]);
    const error = 'the timer could not be read: internal error of the timer service';
    expect(failed).toMatchObject([{ id: 'broken', error }]);
    expect(events).toContain('defect Error: no destination broken');
  });
});

test('timers that are not due soon any more are released when the clock of the database was set back', async () => {
  const rows = [claimedRow({ id: 'a', dueMs: EPOCH_MS - 900 }), claimedRow({ id: 'b', dueMs: EPOCH_MS + 1 })];
  const setBackMs = 1_000;
  const results = [
    found(...rows),
    { ...found(), polledUpToMs: EPOCH_MS + 300 },
    { ...found(), polledUpToMs: EPOCH_MS - setBackMs + 300 },
  ];
  const { claimer, queued, released, held } = createClaimer({
    claim: () => Promise.resolve(results.shift()),
  });
  await claimer.claim(RECENT, BACKLOG, 4_096);
  await claimer.claim(RECENT, BACKLOG, 4_096);
  expect(released).toEqual([]);
  await claimer.claim(RECENT, BACKLOG, 4_096);
  expect(released).toEqual(['b']);
  expect(queued.map(({ id }) => id)).toEqual(['a']);
  expect(held.count('recent')).toBe(1);
});

test('each callback type has its own destination', async () => {
  const nats = claimedRow({ callbackConfig: '{"type":"nats","topic":"orders"}' });
  const { claimer, queued } = createClaimer({ claim: () => Promise.resolve(found(nats)) });
  await claimer.claim(RECENT, BACKLOG, 4_096);
  expect(queued).toMatchObject([{ destination: { endpoint: 'nats', route: 'orders' } }]);
});

describe('claimSuspects', () => {
  test('claims one suspect', async () => {
    const row = claimedRow({ id: 'a', range: 'suspect' });
    const { claimer, queued, held } = createClaimer({ claimSuspects: () => Promise.resolve([row]) });
    await claimer.claimSuspects();
    expect(queued).toMatchObject([{ id: 'a' }]);
    expect(held.count('suspect')).toBe(1);
    expect(claimer.capacity().suspects).toBe(false);
  });

  test('claims nothing if there is none', async () => {
    const { claimer, queued, events } = createClaimer();
    await claimer.claimSuspects();
    expect(queued).toEqual([]);
    expect(events).toEqual([]);
  });
});

describe('permission to claim', () => {
  test('needs a valid lease', () => {
    const { claimer, clock } = createClaimer();
    expect(claimer.mayClaim()).toBe(true);
    clock.nowMs = 8_500;
    expect(claimer.mayClaim()).toBe(false);
  });

  test('the capacity depends on unwritten results', () => {
    expect(createClaimer({ unwritten: 10_001 }).claimer.capacity()).toMatchObject({ recent: 0, backlog: 0 });
    expect(createClaimer().claimer.capacity()).toMatchObject({ recent: 2_500, backlog: 1_500 });
  });
});
