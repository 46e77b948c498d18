import { expect, test } from '@jest/globals';
import { parseLocalInstant } from './local-instant.ts';

test.each([
  ['2026-11-26', 'UTC', '2026-11-26T00:00:00.000Z'],
  ['2026-11-26 14:05', 'Europe/Berlin', '2026-11-26T13:05:00.000Z'],
  ['2026-07-01T14:05:09.5', 'Europe/Berlin', '2026-07-01T12:05:09.500Z'],
  ['2026-07-01 14:05', 'Pacific/Kiritimati', '2026-07-01T00:05:00.000Z'],
  // Comes twice: the first.
  ['2026-10-25 02:30', 'Europe/Berlin', '2026-10-25T00:30:00.000Z'],
])('%s in %s is %s', (text, zone, expected) => {
  expect(new Date(parseLocalInstant(text, zone) ?? NaN).toISOString()).toBe(expected);
});

test.each(['', '14:05', '2026', '2026-02-30', '2026-11-26T14:05Z', 'tomorrow', '2026-03-29 02:30'])(
  '%j is no time in Berlin',
  (text) => {
    expect(parseLocalInstant(text, 'Europe/Berlin')).toBeUndefined();
  },
);
