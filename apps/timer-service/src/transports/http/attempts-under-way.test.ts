import { afterEach, beforeEach, expect, jest, test } from '@jest/globals';
import fc from 'fast-check';
import { AttemptsUnderWay } from './attempts-under-way.ts';

let nowMs = 0;
const clock = { monotonicMs: () => nowMs, wallMs: () => 0 };
let underWay: AttemptsUnderWay;

beforeEach(() => {
  jest.useFakeTimers();
  nowMs = 0;
  underWay = new AttemptsUnderWay(clock);
});

afterEach(() => {
  underWay.close();
  jest.useRealTimers();
});

function add(deadlineMs: number) {
  const attempt = {
    deadlineMs,
    position: -1,
    ends: [] as string[],
    expire: () => {
      attempt.ends.push('expired');
      underWay.delete(attempt);
    },
    stop: () => {
      attempt.ends.push('stopped');
      underWay.delete(attempt);
    },
  };
  underWay.add(attempt);
  return attempt;
}

function pass(milliseconds: number): void {
  for (let passed = 0; passed < milliseconds; passed += 25) {
    nowMs += 25;
    jest.advanceTimersByTime(25);
  }
}

test('ends attempts at their deadlines and not before', () => {
  const [first, second, third] = [add(100), add(200), add(1_000)];
  pass(75);
  expect([first.ends, second.ends]).toEqual([[], []]);
  pass(25);
  expect([first.ends, second.ends]).toEqual([['expired'], []]);
  pass(125);
  expect([second.ends, third.ends]).toEqual([['expired'], []]);
  underWay.close();
  expect(third.ends).toEqual(['stopped']);
});

test('after a blocked event loop, responses are read before attempts expire', () => {
  const attempt = add(100);
  nowMs += 5_000;
  jest.advanceTimersByTime(25);
  expect(attempt.ends).toEqual([]);
  pass(25);
  expect(attempt.ends).toEqual(['expired']);
});

test('has no timer without attempts, and one again with the next', () => {
  const attempt = add(50);
  underWay.delete(attempt);
  pass(50);
  expect(jest.getTimerCount()).toBe(0);
  const next = add(nowMs + 50);
  pass(75);
  expect(next.ends).toEqual(['expired']);
});

test('in whatever order attempts end, the others go on', () => {
  fc.assert(
    fc.property(
      fc.array(fc.record({ after: fc.nat(), deleted: fc.boolean() }), { maxLength: 40 }),
      (steps) => {
        const open: ReturnType<typeof add>[] = [];
        for (const { after, deleted } of steps) {
          if (!deleted) open.push(add(nowMs + 1_000_000));
          else {
            const [ended] = open.splice(after % Math.max(1, open.length), 1);
            if (ended === undefined) continue;
            underWay.delete(ended);
            underWay.delete(ended);
            expect(ended.ends).toEqual([]);
          }
        }
        underWay.close();
        expect(open.map(({ ends }) => ends)).toEqual(open.map(() => ['stopped']));
      },
    ),
  );
});

test('an attempt that expires may end others', () => {
  const [first, second, third] = [add(50), add(50), add(50)];
  first.expire = () => {
    underWay.delete(first);
    second.stop();
  };
  pass(75);
  expect([second.ends, third.ends]).toEqual([['stopped'], ['expired']]);
});
