import { describe, expect, test } from '@jest/globals';
import { type Arrival, DeliveryLog, type LoggedTimer } from './delivery-log.ts';
import { SteppedClock } from './stepped-clock.ts';
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
  return { version: 1, messageId: 'a', attempt: 1, arrivedMs, acknowledged: true, ...more };
}

function timer(arrivals: Arrival[], more: Partial<LoggedTimer> = {}): LoggedTimer {
  return {
    id: 'a',
    type: 'http',
    versions: [{ version: 1, executeAtMs: DUE, requestedMs: DUE - 6_000, confirmedMs: DUE - 5_000 }],
    canceledMs: undefined,
    arrivals,
    ...more,
  };
}

function interval(fromMs: number, toMs: number, outage: FaultInterval['outage'] = 'none'): FaultInterval {
  return { name: 'test', fromMs, toMs, outage };
}

function judgeOne(one: LoggedTimer, faultIntervals: FaultInterval[] = []): Verdict {
  return judge([one], { faultIntervals, failedAttempts: [] });
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
      { version: 1, executeAtMs: DUE, requestedMs: DUE - 6_000, confirmedMs: DUE - 5_000 },
      { version: 2, executeAtMs: DUE + 2_000, requestedMs: DUE - 6_000, confirmedMs: undefined },
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
      { version: 1, executeAtMs: DUE, requestedMs: DUE - 6_000, confirmedMs: DUE - 5_000 },
      { version: 2, executeAtMs: DUE + 2_000, requestedMs: DUE - 6_000, confirmedMs },
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
    const failed = { timerId: 'a', number: 1, startedMs: DUE - 1, finishedMs: DUE + 2_000 };
    expect(judge([twice], { faultIntervals: [], failedAttempts: [failed] })).toMatchObject({
      explainedDuplicates: 1,
      unexplainedDuplicates: [],
    });
    expect(
      judge([twice], { faultIntervals: [], failedAttempts: [{ ...failed, timerId: 'b' }] })
        .unexplainedDuplicates,
    ).toEqual(['a']);
  });

  test('a request that is read late belongs to its attempt, which has timed out', () => {
    const failedAttempts = [{ timerId: 'a', number: 1, startedMs: DUE + 5, finishedMs: DUE + 2_000 }];
    const startedSeconds = DUE / 1_000;
    const judgeLate = (first: Partial<Arrival>): Verdict =>
      judge([timer([arrival(DUE + 20_000, first), arrival(DUE + 30_000, { attempt: 2 })])], {
        faultIntervals: [],
        failedAttempts,
      });
    expect(judgeLate({ startedSeconds }).unexplainedDuplicates).toEqual([]);
    expect(judgeLate({ startedSeconds: startedSeconds + 1 }).unexplainedDuplicates).toEqual(['a']);
    expect(judgeLate({ startedSeconds, attempt: 2 }).unexplainedDuplicates).toEqual(['a']);
  });

  test('a message, which does not tell when its attempt started, belongs to it for ten seconds', () => {
    const failedAttempts = [{ timerId: 'a', number: 1, startedMs: DUE, finishedMs: DUE + 2_000 }];
    const judgeAt = (arrivedMs: number): Verdict =>
      judge([timer([arrival(arrivedMs), arrival(DUE + 30_000, { attempt: 2 })], { type: 'nats' })], {
        faultIntervals: [],
        failedAttempts,
      });
    expect(judgeAt(DUE + 12_000).unexplainedDuplicates).toEqual([]);
    expect(judgeAt(DUE + 12_001).unexplainedDuplicates).toEqual(['a']);
    expect(judgeAt(DUE - 1).unexplainedDuplicates).toEqual(['a']);
  });

  test('what was sent before a change was confirmed may be read after that', () => {
    const failedAttempts = [{ timerId: 'a', number: 1, startedMs: DUE, finishedMs: DUE + 2_000 }];
    const judgeChanged = (changedMs: number, startedMs: number): Verdict => {
      const version = { version: 2, executeAtMs: DUE + 9_000, requestedMs: DUE, confirmedMs: changedMs };
      const late = arrival(DUE + 4_000, { startedSeconds: startedMs / 1_000 });
      const changed = timer([late], { canceledMs: changedMs });
      changed.versions.push(version);
      return judge([changed], { faultIntervals: [], failedAttempts });
    };
    expect(judgeChanged(DUE + 3_000, DUE)).toMatchObject({ canceledButFired: [], outdated: [] });
    expect(judgeChanged(DUE + 3_000, DUE + 3_000)).toMatchObject({
      canceledButFired: ['a'],
      outdated: ['a'],
    });
    expect(judgeChanged(DUE + 1_000, DUE)).toMatchObject({ canceledButFired: ['a'], outdated: ['a'] });
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

describe('a clock of PostgreSQL that was stepped', () => {
  const FORWARD_MS = DUE - 10_000;
  const BACK_MS = DUE - 5_000;
  /** Ten minutes ahead for five seconds, from ten seconds before DUE by the true time. */
  function clockWithSteps(): SteppedClock {
    const clock = new SteppedClock();
    clock.record({ fromMs: FORWARD_MS, toMs: FORWARD_MS, offsetMs: 600_000 });
    clock.record({ fromMs: BACK_MS, toMs: BACK_MS, offsetMs: 0 });
    return clock;
  }
  function dueAt(executeAtMs: number, arrivedMs: number, requestedMs = FORWARD_MS - 1_000): LoggedTimer {
    const versions = [{ version: 1, executeAtMs, requestedMs, confirmedMs: requestedMs }];
    return timer([arrival(arrivedMs)], { versions });
  }
  function judgeWithClock(one: LoggedTimer, postponed = new Map<string, number>()): Verdict {
    return judge([one], { faultIntervals: [], failedAttempts: [], clock: clockWithSteps(), postponed });
  }

  test('a step forward makes a timer due at once', () => {
    const verdict = judgeWithClock(dueAt(DUE, FORWARD_MS + 70));
    expect(verdict).toMatchObject({ early: [], longestRecoveryMs: 70 });
  });

  test('a timer that was due before the clock was set back may start after that', () => {
    expect(judgeWithClock(dueAt(BACK_MS + 599_000, BACK_MS + 3_000)).early).toEqual([]);
  });

  test('what dispatchers held may start by the old clock until they know of the step back', () => {
    expect(judgeWithClock(dueAt(BACK_MS + 600_200, BACK_MS + 200)).early).toEqual([]);
    expect(judgeWithClock(dueAt(BACK_MS + 600_200, BACK_MS + 199)).early).toEqual(['a']);
    expect(judgeWithClock(dueAt(BACK_MS + 601_500, BACK_MS + 1_500)).early).toEqual(['a']);
  });

  test('what was started by the old clock may be read late', () => {
    const judgeLate = (startedMs: number): Verdict => {
      const late = dueAt(BACK_MS + 600_200, BACK_MS + 3_000);
      const startedSeconds = Math.floor(startedMs / 1_000);
      return judgeWithClock({ ...late, arrivals: [arrival(BACK_MS + 3_000, { startedSeconds })] });
    };
    expect(judgeLate(BACK_MS + 600_200).early).toEqual([]);
    expect(judgeLate(BACK_MS + 602_000).early).toEqual(['a']);
    expect(judgeLate(BACK_MS + 2_900).early).toEqual(['a']);
  });

  test('a timer that was stored after the step back is early before its instant', () => {
    expect(judgeWithClock(dueAt(DUE, DUE - 1, BACK_MS + 100)).early).toEqual(['a']);
    expect(judgeWithClock(dueAt(DUE, DUE, BACK_MS + 100)).early).toEqual([]);
  });

  test('only the time in which a timer is due counts as its recovery', () => {
    const dueMs = BACK_MS + 600_000 - 1_000;
    expect(judgeWithClock(dueAt(dueMs, dueMs + 40)).longestRecoveryMs).toBe(1_040);
  });

  test('a retry that was scheduled before the step back is not late before its instant', () => {
    const retryMs = BACK_MS + 600_000;
    const late = dueAt(DUE, retryMs + 40);
    expect(judgeWithClock(late).longestRecoveryMs).toBe(5_000 + retryMs + 40 - DUE);
    expect(judgeWithClock(late, new Map([['a', retryMs]])).longestRecoveryMs).toBe(40);
  });

  test('explains no second delivery, but a failed attempt by its clock does', () => {
    const twice = { ...dueAt(DUE, FORWARD_MS + 70), arrivals: [arrival(FORWARD_MS + 70), arrival(DUE)] };
    expect(judgeWithClock(twice).unexplainedDuplicates).toEqual(['a']);
    const startedMs = FORWARD_MS + 600_000;
    const failedAttempts = [{ timerId: 'a', number: 1, startedMs, finishedMs: startedMs + 2_000 }];
    const verdict = judge([twice], { faultIntervals: [], failedAttempts, clock: clockWithSteps() });
    expect(verdict).toMatchObject({ explainedDuplicates: 1, unexplainedDuplicates: [] });
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
    { version: 1, executeAtMs: DUE, requestedMs: DUE - 6_000, confirmedMs: DUE },
  );
  expect(judge(deliveryLog.timers, { faultIntervals: [], failedAttempts: [] })).toMatchObject({
    accepted: 1,
    delivered: 1,
  });
});
