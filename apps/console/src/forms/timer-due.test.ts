import { describe, expect, test } from '@jest/globals';
import { dueOf, dueWarning } from './timer-due.ts';
import { emptyTimer } from './timer-form.ts';

const NOW = Date.parse('2030-01-31T08:00:00Z');
const form = emptyTimer('Europe/Berlin');
const at = (text: string) => ({ text, pass: 'first' as const });

describe('dueOf', () => {
  test('adds a delay to the present time', () => {
    expect(dueOf({ ...form, delay: ' 1h30m ' }, NOW)).toBe(NOW + 5_400_000);
  });

  test('reads an instant on the clocks of the zone', () => {
    expect(dueOf({ ...form, when: 'instant', executeAt: at('2030-01-31T09:00') }, NOW)).toBe(NOW);
  });

  test.each(['', 'soon', '36525d999999999d'])('is unknown for the delay %p', (delay) => {
    expect(dueOf({ ...form, delay }, NOW)).toBeUndefined();
  });
});

describe('dueWarning', () => {
  test('says that an instant has passed', () => {
    const past = { ...form, when: 'instant' as const, executeAt: at('2030-01-31T08:59:59') };
    expect(dueWarning(past, NOW)).toMatch('has passed');
    expect(dueWarning({ ...past, executeAt: at('2030-01-31T09:00:01') }, NOW)).toBeUndefined();
  });

  test('says that it would expire first', () => {
    expect(dueWarning({ ...form, delay: '2h', expiresAt: at('2030-01-31T11:00') }, NOW)).toMatch(
      'expires before',
    );
    expect(dueWarning({ ...form, delay: '1h', expiresAt: at('2030-01-31T11:00') }, NOW)).toBeUndefined();
  });
});
