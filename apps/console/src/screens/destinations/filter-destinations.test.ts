import { expect, test } from '@jest/globals';
import { sampleDestination } from '../../testing/sample-destination.ts';
import { filterDestinations } from './filter-destinations.ts';

const quiet = sampleDestination({ destination: 'https://a.example' });
const failing = sampleDestination({ destination: 'https://b.example', failures_per_minute: 3 });
const paused = sampleDestination({ destination: 'https://c.example', paused_at: '2026-01-31T09:00:00.000Z' });
const open = sampleDestination({ destination: 'nats:d.example', breaker: 'open', rate_per_second: 5 });
const all = [quiet, failing, paused, open];
const names = (filter: Parameters<typeof filterDestinations>[1]) =>
  filterDestinations(all, filter).map(({ destination }) => destination);

test('those that need attention come first, others keep their order', () => {
  expect(names({})).toEqual([open, paused, failing, quiet].map(({ destination }) => destination));
});

test('a part of the name matches in any case', () => {
  expect(names({ q: 'NATS:' })).toEqual(['nats:d.example']);
  expect(names({ q: 'https', state: 'paused' })).toEqual(['https://c.example']);
});

test.each([
  ['breaker', ['nats:d.example']],
  ['paused', ['https://c.example']],
  ['limited', ['nats:d.example']],
  ['failing', ['https://b.example']],
])('the state %s is filtered', (state, expected) => {
  expect(names({ state })).toEqual(expected);
});

test('an unknown state in the address filters nothing', () => {
  expect(names({ state: 'asleep' })).toHaveLength(4);
});
