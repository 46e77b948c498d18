import { expect, test } from '@jest/globals';
import { valuesOfCheckConstraint } from '../testing/check-constraint.ts';
import { issuesOf } from '../testing/issues-of.ts';
import { TIMER_STATES, timerStateSchema } from './timer-state.ts';

test('TIMER_STATES matches the constraint valid_status of the database', () => {
  expect(valuesOfCheckConstraint('valid_status')).toEqual([...TIMER_STATES]);
});

test('valuesOfCheckConstraint throws if no migration has the constraint', () => {
  expect(() => valuesOfCheckConstraint('valid_nonsense')).toThrow('valid_nonsense');
});

test.each(TIMER_STATES)('accepts the state %s', (state) => {
  expect(timerStateSchema.parse(state)).toBe(state);
});

test.each([['PENDING'], ['cancelled'], [''], [null]])('rejects %j', (value) => {
  expect(issuesOf(timerStateSchema, value)).toEqual([
    ': Invalid option: expected one of "pending"|"executing"|"completed"|"failed"|"canceled"',
  ]);
});
