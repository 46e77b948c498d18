import { setImmediate as nextTurn } from 'node:timers/promises';
import { expect, test } from '@jest/globals';
import {
  type DueScheduleRow,
  NO_HEADER_KEYS,
  type ReplanStep,
  type UpcomingSchedule,
} from '@timer-platform/database';
import { compileRecurrence } from '../schedules/recurrence/index.ts';
import { Materializer } from './materializer.ts';

/** A materializer whose statements find nothing due, and whose timeline calls back when it is told to. */
function idle(upcoming: readonly UpcomingSchedule[] = []) {
  const alarms: { readonly ms: number; readonly call: () => void }[] = [];
  const replanned: (string | undefined)[] = [];
  const errors: unknown[] = [];
  const state = { reads: 0, failures: 0, due: [] as DueScheduleRow[] };
  const materializer = new Materializer({
    statements: {
      findDue: () => {
        state.reads += 1;
        if (state.failures > 0) {
          state.failures -= 1;
          return Promise.reject(new Error('the database is unreachable'));
        }
        return Promise.resolve(state.due.splice(0));
      },
      findUpcoming: () => Promise.resolve([...upcoming]),
      materialize: () => Promise.resolve([]),
      pause: () => Promise.resolve(true),
      replan: ({ from }: ReplanStep) => {
        replanned.push(from);
        return Promise.resolve({
          replanned: 1,
          next: replanned.length < 3 ? `${replanned.length}` : undefined,
        });
      },
    },
    decide: { compile: compileRecurrence, headerKeys: NO_HEADER_KEYS, timeZoneData: '2026a' },
    timeline: {
      after: (ms, call) => {
        alarms.push({ ms, call });
        return () => undefined;
      },
    },
    random: () => 0.5,
    observer: {
      decided: () => undefined,
      lost: () => undefined,
      paused: () => undefined,
      postponed: () => undefined,
      replanned: () => undefined,
      databaseError: (error) => {
        errors.push(error);
      },
    },
    onStored: () => undefined,
  });
  return { materializer, alarms, replanned, errors, state };
}

test('waits for the next schedule: exactly if its instant decides, otherwise at a random moment after it', async () => {
  const { materializer, alarms, replanned } = idle([
    { inMs: 100, exact: false },
    { inMs: 200, exact: true },
  ]);
  materializer.start();
  materializer.wake();
  await materializer.caughtUp();
  expect(alarms.map(({ ms }) => ms)).toContain(200);
  expect(alarms.every(({ ms }) => ms === 200)).toBe(true);
  await materializer.caughtUp();
  await materializer.caughtUp();
  expect(replanned).toEqual([undefined, '1', '2']);
  await materializer.stop();
});

test('an alarm of the timeline starts the next pass, and stop ends the wait', async () => {
  const { materializer, alarms, state } = idle([{ inMs: 400, exact: true }]);
  materializer.start();
  await materializer.caughtUp();
  while (alarms.length === 0) await nextTurn();
  const { reads } = state;
  const { length } = alarms;
  alarms.at(-1)?.call();
  while (alarms.length === length) await nextTurn();
  expect(state.reads).toBeGreaterThan(reads);
  await materializer.stop();
  await materializer.caughtUp();
});

test('goes on after errors of the database', async () => {
  const { materializer, errors, state } = idle();
  state.failures = 1;
  materializer.start();
  const caughtUp = materializer.caughtUp();
  while (errors.length === 0) await nextTurn();
  materializer.wake();
  await caughtUp;
  expect(errors).toHaveLength(1);
  await materializer.stop();
});

test('a materializer that was not started has nothing to wait for', async () => {
  const { materializer, state } = idle();
  await materializer.caughtUp();
  await materializer.stop();
  materializer.start();
  expect(state.reads).toBe(0);
});
