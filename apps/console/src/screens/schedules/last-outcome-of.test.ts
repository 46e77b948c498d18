import { expect, test } from '@jest/globals';
import type { Occurrence } from '@timer-platform/callback-types';
import { lastOutcomeOf } from './last-outcome-of.ts';

const timer = (status: 'pending' | 'completed' | 'failed'): Occurrence => ({
  type: 'timer',
  id: '019ab3c4-6e0f-7c11-9a51-0b2d5f5f3c5e',
  scheduled_for: '2030-01-31T09:00:00.000Z',
  origin: 'schedule',
  status,
  execute_at: '2030-01-31T09:00:00.000Z',
  executed_at: status === 'pending' ? null : '2030-01-31T09:00:00.010Z',
  attempts: 1,
  last_error: null,
});
const skip: Occurrence = {
  type: 'skip',
  scheduled_for: '2030-01-31T09:00:00.000Z',
  until: '2030-01-31T10:00:00.000Z',
  count: 2,
  reason: 'missed',
  skipped_at: '2030-01-31T10:00:00.000Z',
};

test('the last outcome is that of the newest occurrence which is not pending', () => {
  const [pending, completed, failed] = [timer('pending'), timer('completed'), timer('failed')];
  expect(lastOutcomeOf([pending, failed, completed])).toBe(failed);
  expect(lastOutcomeOf([pending, skip, completed])).toBe(skip);
});

test('where none is decided it is the oldest that is waiting, and there may be none', () => {
  const [next, waiting] = [timer('pending'), timer('pending')];
  expect(lastOutcomeOf([next, waiting])).toBe(waiting);
  expect(lastOutcomeOf([])).toBeUndefined();
});
