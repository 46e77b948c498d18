import { describe, expect, test } from '@jest/globals';
import { type Arrival, DeliveryLog, type LoggedTimer } from './delivery-log.ts';
import {
  type FaultInterval,
  findProblems,
  judge,
  outageWithin,
  sumVerdicts,
  type Verdict,
} from './verdict.ts';

const DUE = 1_000_000;

function arrival(arrivedMs: number, more: Partial<Arrival> = {}): Arrival {
  return { version: 1, messageId: 'a', arrivedMs, acknowledged: true, ...more };
}

function timer(arrivals: Arrival[], more: Partial<LoggedTimer> = {}): LoggedTimer {
  return {
    id: 'a',
    type: 'http',
    versions: [{ version: 1, executeAtMs: DUE, confirmedMs: DUE - 5_000 }],
    canceledMs: undefined,
    arrivals,
    ...more,
  };
}

function interval(fromMs: number, toMs: number, outage: FaultInterval['outage'] = 'none'): FaultInterval {
  return { name: 'test', fromMs, toMs, outage };
}

function judgeOne(one: LoggedTimer, faultIntervals: FaultInterval[] = []): Verdict {
  return judge([one], faultIntervals, []);
}

describe('judge', () => {
  test('finds no problem in one delivery on time', () => {
    const verdict = judgeOne(timer([arrival(DUE + 3)]));
    expect(verdict).toMatchObject({
      accepted: 1,
      delivered: 1,
      explainedDuplicates: 0,
      longestRecoveryMs: 3,
    });
    expect(findProblems(verdict, 15_000)).toEqual([]);
  });

  test('a timer is lost without an acknowledged delivery, unless it was canceled', () => {
    expect(judgeOne(timer([])).lost).toEqual(['a']);
    expect(judgeOne(timer([arrival(DUE, { acknowledged: false })])).lost).toEqual(['a']);
    expect(judgeOne(timer([], { canceledMs: DUE - 1 })).lost).toEqual([]);
  });

  test('an arrival is early before the due instant of its version', () => {
    expect(judgeOne(timer([arrival(DUE - 1)])).early).toEqual(['a']);
    expect(judgeOne(timer([arrival(DUE)])).early).toEqual([]);
    const updated = [
      { version: 1, executeAtMs: DUE, confirmedMs: DUE - 5_000 },
      { version: 2, executeAtMs: DUE + 2_000, confirmedMs: undefined },
    ];
    expect(judgeOne(timer([arrival(DUE + 1)], { versions: updated })).early).toEqual([]);
    expect(judgeOne(timer([arrival(DUE + 1, { version: 2 })], { versions: updated })).early).toEqual(['a']);
  });

  test('after a confirmed cancellation no arrival is allowed, acknowledged or not', () => {
    const canceledMs = DUE - 10;
    expect(judgeOne(timer([arrival(DUE, { acknowledged: false })], { canceledMs })).canceledButFired).toEqual(
      ['a'],
    );
    expect(
      judgeOne(timer([arrival(canceledMs, { acknowledged: false })], { canceledMs })).canceledButFired,
    ).toEqual([]);
  });

  test('an old version is outdated after a confirmed update, but not after an unconfirmed one', () => {
    const versions = (confirmedMs: number | undefined) => [
      { version: 1, executeAtMs: DUE, confirmedMs: DUE - 5_000 },
      { version: 2, executeAtMs: DUE + 2_000, confirmedMs },
    ];
    expect(judgeOne(timer([arrival(DUE)], { versions: versions(DUE - 100) })).outdated).toEqual(['a']);
    expect(judgeOne(timer([arrival(DUE)], { versions: versions(undefined) })).outdated).toEqual([]);
  });

  test('a fault at the time of the first delivery explains a second one', () => {
    const twice = timer([arrival(DUE), arrival(DUE + 11_000)]);
    expect(judgeOne(twice).unexplainedDuplicates).toEqual(['a']);
    expect(judgeOne(twice, [interval(DUE - 5_000, DUE - 1)]).unexplainedDuplicates).toEqual(['a']);
    expect(judgeOne(twice, [interval(DUE + 5_000, DUE + 6_000)]).unexplainedDuplicates).toEqual(['a']);
    expect(judgeOne(twice, [interval(DUE + 100, DUE + 100)])).toMatchObject({
      explainedDuplicates: 1,
      unexplainedDuplicates: [],
    });
  });

  test('a failed attempt that the receiver acknowledged explains a second delivery', () => {
    const twice = timer([arrival(DUE), arrival(DUE + 3_000)]);
    const failed = { timerId: 'a', startedMs: DUE - 1, finishedMs: DUE + 2_000 };
    expect(judge([twice], [], [failed])).toMatchObject({ explainedDuplicates: 1, unexplainedDuplicates: [] });
    expect(judge([twice], [], [{ ...failed, timerId: 'b' }]).unexplainedDuplicates).toEqual(['a']);
  });

  test('an unacknowledged arrival is not a duplicate', () => {
    const retried = timer([arrival(DUE, { acknowledged: false }), arrival(DUE + 3_000)]);
    expect(judgeOne(retried)).toMatchObject({ explainedDuplicates: 0, unexplainedDuplicates: [] });
  });

  test('reports an arrival whose message id is not that of its timer', () => {
    expect(judgeOne(timer([arrival(DUE, { messageId: 'b' })])).wrongMessageIds).toEqual(['a']);
    expect(judgeOne(timer([arrival(DUE, { messageId: 'a-1' })])).wrongMessageIds).toEqual([]);
  });

  test('reports two versions under one message id', () => {
    const changed = (messageId: string) =>
      timer([arrival(DUE, { acknowledged: false }), arrival(DUE + 1, { version: 2, messageId })]);
    expect(judgeOne(changed('a')).wrongMessageIds).toEqual(['a']);
    expect(judgeOne(changed('a-1')).wrongMessageIds).toEqual([]);
  });

  test('recovery excludes outages of the type of the callback', () => {
    const late = timer([arrival(DUE + 10_000)]);
    expect(judgeOne(late).longestRecoveryMs).toBe(10_000);
    expect(judgeOne(late, [interval(DUE, DUE + 5_000)]).longestRecoveryMs).toBe(10_000);
    expect(judgeOne(late, [interval(DUE, DUE + 5_000, 'nats')]).longestRecoveryMs).toBe(10_000);
    expect(judgeOne(late, [interval(DUE - 1_000, DUE + 4_000, 'http')]).longestRecoveryMs).toBe(6_000);
  });
});

test('outageWithin counts overlapping outages once', () => {
  const outages = [interval(10, 30, 'all'), interval(20, 25, 'http'), interval(20, 40, 'http')];
  expect(outageWithin(0, 100, 'http', outages)).toBe(30);
  expect(outageWithin(15, 35, 'http', outages)).toBe(20);
  expect(outageWithin(0, 100, 'nats', outages)).toBe(20);
});

test('sumVerdicts keeps every problem and the longest recovery', () => {
  const good = judgeOne(timer([arrival(DUE + 3)]));
  const bad = judgeOne(timer([arrival(DUE + 16_000), arrival(DUE + 20_000, { messageId: 'b' })]));
  const sum = sumVerdicts([good, bad]);
  expect(sum).toMatchObject({ accepted: 2, delivered: 2, longestRecoveryMs: 16_000 });
  expect(findProblems(sum, 15_000)).toHaveLength(3);
});

test('DeliveryLog accepts an arrival before its timer is recorded', () => {
  const deliveryLog = new DeliveryLog();
  deliveryLog.recordArrival('key', arrival(DUE));
  deliveryLog.recordTimer(
    'key',
    { id: 'a', type: 'http' },
    { version: 1, executeAtMs: DUE, confirmedMs: DUE },
  );
  expect(judge(deliveryLog.timers, [], [])).toMatchObject({ accepted: 1, delivered: 1 });
});
