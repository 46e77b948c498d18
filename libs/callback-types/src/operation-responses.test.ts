import { describe, expect, test } from '@jest/globals';
import type { z } from 'zod';
import { issuesOf } from '../testing/issues-of.ts';
import { LIVE_EVENTS } from './live-events.ts';
import {
  EXAMPLE_DESTINATION,
  EXAMPLE_DISPATCHER,
  EXAMPLE_FORECAST,
  EXAMPLE_LIVE_DESTINATIONS,
  EXAMPLE_LIVE_STATS,
  EXAMPLE_LIVE_TIMERS,
  EXAMPLE_STATS,
} from './operation-examples.ts';
import {
  destinationListResponseSchema,
  destinationResponseSchema,
  dispatcherListResponseSchema,
  forecastResponseSchema,
  statsResponseSchema,
} from './operation-responses.ts';

const responses: [string, z.ZodType, object][] = [
  ['stats', statsResponseSchema, EXAMPLE_STATS],
  ['forecast', forecastResponseSchema, EXAMPLE_FORECAST],
  ['destination', destinationResponseSchema, EXAMPLE_DESTINATION],
  ['destinations', destinationListResponseSchema, { destinations: [EXAMPLE_DESTINATION] }],
  ['dispatchers', dispatcherListResponseSchema, { dispatchers: [EXAMPLE_DISPATCHER] }],
];

describe.each(responses)('the response schema of %s', (_, schema, data) => {
  test('accepts code 0 with data, and additional fields of a later version', () => {
    const response = { code: 0, message: 'success', data };
    expect(schema.parse(response)).toEqual(response);
    expect(issuesOf(schema, { ...response, data: { ...data, later: 1 }, later: 2 })).toEqual([]);
  });

  test('rejects an error code and each missing field', () => {
    expect(issuesOf(schema, { code: 2, message: '', data })).toEqual(['code: Invalid input: expected 0']);
    for (const field of Object.keys(data)) {
      const rest = Object.fromEntries(Object.entries(data).filter(([name]) => name !== field));
      expect(issuesOf(schema, { code: 0, message: '', data: rest })).toHaveLength(1);
    }
  });
});

test('each live event has a schema of its data', () => {
  expect(LIVE_EVENTS.stats.parse(EXAMPLE_LIVE_STATS)).toEqual(EXAMPLE_LIVE_STATS);
  expect(LIVE_EVENTS.timers.parse(EXAMPLE_LIVE_TIMERS)).toEqual(EXAMPLE_LIVE_TIMERS);
  expect(LIVE_EVENTS.destinations.parse(EXAMPLE_LIVE_DESTINATIONS)).toEqual(EXAMPLE_LIVE_DESTINATIONS);
});
