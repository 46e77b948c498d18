import { expect, test } from '@jest/globals';
import type { DispatchObserver } from '../dispatch/observer.ts';
import { IGNORE_EVENTS } from '../dispatch/testing/ignore-events.ts';
import { observeBoth } from './dispatch-logging.ts';

/** An observer that writes down every event with its parameters. */
function recording(): { readonly observer: DispatchObserver; readonly events: unknown[] } {
  const events: unknown[] = [];
  const names = Object.keys(IGNORE_EVENTS);
  const entries = names.map((name) => [name, (...values: unknown[]) => events.push([name, ...values])]);
  return { observer: Object.fromEntries(entries) as DispatchObserver, events };
}

test('observeBoth passes every event on to both observers, with its parameters', () => {
  const one = recording();
  const other = recording();
  const both = observeBoth(one.observer, other.observer) as unknown as Record<
    string,
    (...values: unknown[]) => void
  >;
  const names = Object.keys(IGNORE_EVENTS);
  for (const name of names) both[name]?.(name, 2, 3);
  expect(one.events.map((event) => (event as unknown[])[0])).toEqual(names);
  expect(other.events).toEqual(one.events);
  expect(one.events).toContainEqual(['settled', 'settled', 2, 3]);
});

test('observeBoth adds nothing to a single observer', () => {
  expect(observeBoth(IGNORE_EVENTS, undefined)).toBe(IGNORE_EVENTS);
});
