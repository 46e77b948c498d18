import { expect, test } from '@jest/globals';
import { valuesOfCheckConstraint } from '../testing/check-constraint.ts';
import { issuesOf } from '../testing/issues-of.ts';
import { TIMER_STATES, timerStateSchema } from './timer-state.ts';

test('the database allows the same states', () => {
  expect(valuesOfCheckConstraint('valid_status')).toEqual([...TIMER_STATES]);
});

test('reading a constraint that no migration states is an error', () => {
  expect(() => valuesOfCheckConstraint('valid_nonsense')).toThrow('valid_nonsense');
});

test.each(TIMER_STATES)('%s is a state', (state) => {
  expect(timerStateSchema.parse(state)).toBe(state);
});

test.each([['PENDING'], ['cancelled'], [''], [null]])('%j is none', (value) => {
  expect(issuesOf(timerStateSchema, value)).toEqual([
    ': Invalid option: expected one of "pending"|"executing"|"completed"|"failed"|"canceled"',
  ]);
});
