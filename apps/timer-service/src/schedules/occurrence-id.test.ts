import { expect, test } from '@jest/globals';
import { occurrenceId } from './occurrence-id.ts';

const SCHEDULE = '0198c0de-0000-7000-8000-000000000001';

test('an occurrence id is a UUID of version 8 that begins with the instant, and always the same', () => {
  const atMs = Date.UTC(2026, 10, 26, 12, 0, 0, 123);
  const id = occurrenceId(SCHEDULE, atMs);
  expect(id).toMatch(/^[0-9a-f]{8}-[0-9a-f]{4}-8[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/);
  expect(Number.parseInt(id.replace('-', '').slice(0, 12), 16)).toBe(atMs);
  // Ids are stored: another algorithm would double the occurrences that exist.
  expect(id).toBe('01a217ba-127b-8539-b22e-f941a56743c8');
  expect(occurrenceId(SCHEDULE.toUpperCase(), atMs)).toBe(id);
});

test('ids differ between schedules and between instants', () => {
  const ids = new Set<string>();
  for (let schedule = 0; schedule < 50; schedule += 1)
    for (let atMs = 0; atMs < 20; atMs += 1) ids.add(occurrenceId(`schedule ${schedule}`, atMs));
  expect(ids.size).toBe(1_000);
});

test.each([-1, 0.5, 2 ** 48, Number.NaN])('refuses the instant %p', (atMs) => {
  expect(() => occurrenceId(SCHEDULE, atMs)).toThrow(RangeError);
});
