import { describe, expect, test } from '@jest/globals';
import { type Arrival, Ledger, type LedgerEntry } from './ledger.ts';
import { type Disturbance, faultsOf, judge, outageWithin, sumOf, type Verdict } from './verdict.ts';

const DUE = 1_000_000;

function arrival(arrivedMs: number, more: Partial<Arrival> = {}): Arrival {
  return { version: 1, messageId: 'a', arrivedMs, taken: true, ...more };
}

function entry(arrivals: Arrival[], more: Partial<LedgerEntry> = {}): LedgerEntry {
  return {
    id: 'a',
    type: 'http',
    versions: [{ version: 1, executeAtMs: DUE, confirmedMs: DUE - 5_000 }],
    canceledMs: undefined,
    arrivals,
    ...more,
  };
}

function disturbance(fromMs: number, toMs: number, outage: Disturbance['outage'] = 'none'): Disturbance {
  return { name: 'test', fromMs, toMs, outage };
}

function judgeOne(one: LedgerEntry, disturbances: Disturbance[] = []): Verdict {
  return judge([one], disturbances, []);
}

describe('judge', () => {
  test('finds nothing wrong with one delivery on time', () => {
    const verdict = judgeOne(entry([arrival(DUE + 3)]));
    expect(verdict).toMatchObject({
      accepted: 1,
      delivered: 1,
      explainedDuplicates: 0,
      longestRecoveryMs: 3,
    });
    expect(faultsOf(verdict, 15_000)).toEqual([]);
  });

  test('a timer is lost when nothing of it was taken, unless it was canceled', () => {
    expect(judgeOne(entry([])).lost).toEqual(['a']);
    expect(judgeOne(entry([arrival(DUE, { taken: false })])).lost).toEqual(['a']);
    expect(judgeOne(entry([], { canceledMs: DUE - 1 })).lost).toEqual([]);
  });

  test('early is before the instant of the version that arrived', () => {
    expect(judgeOne(entry([arrival(DUE - 1)])).early).toEqual(['a']);
    expect(judgeOne(entry([arrival(DUE)])).early).toEqual([]);
    const updated = [
      { version: 1, executeAtMs: DUE, confirmedMs: DUE - 5_000 },
      { version: 2, executeAtMs: DUE + 2_000, confirmedMs: undefined },
    ];
    expect(judgeOne(entry([arrival(DUE + 1)], { versions: updated })).early).toEqual([]);
    expect(judgeOne(entry([arrival(DUE + 1, { version: 2 })], { versions: updated })).early).toEqual(['a']);
  });

  test('after a confirmed cancel nothing may arrive, not even unanswered', () => {
    const canceledMs = DUE - 10;
    expect(judgeOne(entry([arrival(DUE, { taken: false })], { canceledMs })).canceledButFired).toEqual(['a']);
    expect(judgeOne(entry([arrival(canceledMs, { taken: false })], { canceledMs })).canceledButFired).toEqual(
      [],
    );
  });

  test('after a confirmed update the old version may not arrive, after an unconfirmed one it may', () => {
    const versions = (confirmedMs: number | undefined) => [
      { version: 1, executeAtMs: DUE, confirmedMs: DUE - 5_000 },
      { version: 2, executeAtMs: DUE + 2_000, confirmedMs },
    ];
    expect(judgeOne(entry([arrival(DUE)], { versions: versions(DUE - 100) })).outdated).toEqual(['a']);
    expect(judgeOne(entry([arrival(DUE)], { versions: versions(undefined) })).outdated).toEqual([]);
  });

  test('a second delivery needs a disturbance at the time of the first', () => {
    const twice = entry([arrival(DUE), arrival(DUE + 11_000)]);
    expect(judgeOne(twice).unexplainedDuplicates).toEqual(['a']);
    expect(judgeOne(twice, [disturbance(DUE - 5_000, DUE - 1)]).unexplainedDuplicates).toEqual(['a']);
    expect(judgeOne(twice, [disturbance(DUE + 5_000, DUE + 6_000)]).unexplainedDuplicates).toEqual(['a']);
    expect(judgeOne(twice, [disturbance(DUE + 100, DUE + 100)])).toMatchObject({
      explainedDuplicates: 1,
      unexplainedDuplicates: [],
    });
  });

  test('an attempt that the service gave up while the receiver took it explains a second one', () => {
    const twice = entry([arrival(DUE), arrival(DUE + 3_000)]);
    const failed = { timerId: 'a', startedMs: DUE - 1, finishedMs: DUE + 2_000 };
    expect(judge([twice], [], [failed])).toMatchObject({ explainedDuplicates: 1, unexplainedDuplicates: [] });
    expect(judge([twice], [], [{ ...failed, timerId: 'b' }]).unexplainedDuplicates).toEqual(['a']);
  });

  test('an attempt that was never taken makes no duplicate', () => {
    const retried = entry([arrival(DUE, { taken: false }), arrival(DUE + 3_000)]);
    expect(judgeOne(retried)).toMatchObject({ explainedDuplicates: 0, unexplainedDuplicates: [] });
  });

  test('every attempt must bear the id of its timer', () => {
    expect(judgeOne(entry([arrival(DUE, { messageId: 'b' })])).foreignIds).toEqual(['a']);
  });

  test('recovery leaves out the time in which delivery was impossible, for its kind of callback', () => {
    const late = entry([arrival(DUE + 10_000)]);
    expect(judgeOne(late).longestRecoveryMs).toBe(10_000);
    expect(judgeOne(late, [disturbance(DUE, DUE + 5_000)]).longestRecoveryMs).toBe(10_000);
    expect(judgeOne(late, [disturbance(DUE, DUE + 5_000, 'nats')]).longestRecoveryMs).toBe(10_000);
    expect(judgeOne(late, [disturbance(DUE - 1_000, DUE + 4_000, 'http')]).longestRecoveryMs).toBe(6_000);
  });
});

test('outages that overlap count once', () => {
  const outages = [disturbance(10, 30, 'all'), disturbance(20, 25, 'http'), disturbance(20, 40, 'http')];
  expect(outageWithin(0, 100, 'http', outages)).toBe(30);
  expect(outageWithin(15, 35, 'http', outages)).toBe(20);
  expect(outageWithin(0, 100, 'nats', outages)).toBe(20);
});

test('the sum of rounds keeps every fault and the longest recovery', () => {
  const good = judgeOne(entry([arrival(DUE + 3)]));
  const bad = judgeOne(entry([arrival(DUE + 16_000), arrival(DUE + 20_000, { messageId: 'b' })]));
  const sum = sumOf([good, bad]);
  expect(sum).toMatchObject({ accepted: 2, delivered: 2, longestRecoveryMs: 16_000 });
  expect(faultsOf(sum, 15_000)).toHaveLength(3);
});

test('the ledger takes an arrival that comes before the answer of its creation', () => {
  const ledger = new Ledger();
  ledger.arrived('key', arrival(DUE));
  ledger.accepted('key', { id: 'a', type: 'http' }, { version: 1, executeAtMs: DUE, confirmedMs: DUE });
  expect(judge(ledger.entries, [], [])).toMatchObject({ accepted: 1, delivered: 1 });
});
