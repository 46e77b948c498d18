import { describe, expect, test } from '@jest/globals';
import { formatInstant, formatTimeOfDay, localParts } from './format-instant.ts';

const instant = Date.parse('2026-03-29T00:59:59.123Z');

describe('an instant', () => {
  test('is shown on the clocks of the zone, with its offset', () => {
    expect(formatInstant(instant, 'UTC', 'millisecond')).toBe('2026-03-29 00:59:59.123');
    expect(formatInstant(instant, 'Europe/Berlin')).toBe('2026-03-29 01:59:59');
    expect(formatTimeOfDay(instant, 'Asia/Kathmandu', 'minute')).toBe('06:44');
    expect(localParts(instant, 'UTC').offset).toBe('UTC');
    expect(localParts(instant, 'Europe/Berlin').offset).toBe('UTC+1');
    expect(localParts(instant, 'America/St_Johns').offset).toBe('UTC−2:30');
  });

  test('one second later the clocks of Berlin have changed', () => {
    expect(formatInstant(instant + 1_000, 'Europe/Berlin')).toBe('2026-03-29 03:00:00');
    expect(localParts(instant + 1_000, 'Europe/Berlin').offset).toBe('UTC+2');
  });

  test('at midnight the hour is 00', () => {
    expect(formatInstant(Date.parse('2026-01-01T00:00:00Z'), 'UTC')).toBe('2026-01-01 00:00:00');
  });
});
