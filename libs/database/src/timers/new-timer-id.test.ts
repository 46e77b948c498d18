import { expect, test } from '@jest/globals';
import { newTimerId } from './new-timer-id.ts';

test('newTimerId returns unique UUIDs of version 7, ordered by millisecond', () => {
  const before = Date.now();
  const ids = Array.from({ length: 5_000 }, newTimerId);
  const after = Date.now();
  expect(new Set(ids).size).toBe(ids.length);
  // The random parts must differ too, because many ids share a millisecond.
  expect(new Set(ids.map((id) => id.slice(14))).size).toBe(ids.length);
  for (const id of ids) {
    expect(id).toMatch(/^[0-9a-f]{8}-[0-9a-f]{4}-7[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/);
    const ms = Number.parseInt(id.replace('-', '').slice(0, 12), 16);
    expect(ms).toBeGreaterThanOrEqual(before);
    expect(ms).toBeLessThanOrEqual(after);
  }
  const instants = ids.map((id) => id.slice(0, 13));
  expect(instants).toStrictEqual([...instants].sort());
});
