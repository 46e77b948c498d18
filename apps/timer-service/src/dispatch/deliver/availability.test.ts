import { describe, expect, test } from '@jest/globals';
import { delivered, permanent, REFUSED, retryable, STOPPING, withdrawn } from '../../transports/outcome.ts';
import type { Outcome } from '../../transports/transport.ts';
import { availabilityOf } from './availability.ts';
import type { Availability } from './circuit-breaker.ts';

interface Case {
  readonly name: string;
  readonly outcome: Outcome;
  readonly endpoint: Availability;
  /** If the attempt was the trial of the endpoint; by default the same. */
  readonly trial?: Availability;
  readonly route: Availability;
}

const CASES: readonly Case[] = [
  { name: 'a delivery', outcome: delivered(200), endpoint: 'available', route: 'available' },
  {
    name: 'a delivery without a status',
    outcome: delivered(null),
    endpoint: 'available',
    route: 'available',
  },
  {
    name: 'a permanent rejection',
    outcome: permanent('HTTP 410', 410),
    endpoint: 'available',
    route: 'available',
  },
  {
    name: 'a failure of the callback alone',
    outcome: retryable('HTTP 404', { statusCode: 404 }),
    endpoint: 'available',
    route: 'available',
  },
  {
    name: 'a response that the route is unavailable',
    outcome: retryable('HTTP 503', { statusCode: 503, unavailable: 'route' }),
    endpoint: 'available',
    route: 'unavailable',
  },
  {
    name: 'a route that does not respond in time',
    outcome: retryable('no response', { unavailable: 'route' }),
    endpoint: 'neutral',
    trial: 'available',
    route: 'unavailable',
  },
  {
    name: 'an endpoint that refuses connections',
    outcome: retryable('connection refused', { unavailable: 'endpoint' }),
    endpoint: 'unavailable',
    route: 'neutral',
  },
  { name: 'an attempt that was not started', outcome: REFUSED, endpoint: 'neutral', route: 'neutral' },
  { name: 'an attempt that was aborted', outcome: STOPPING, endpoint: 'neutral', route: 'neutral' },
  {
    name: 'a lack of connections',
    outcome: withdrawn('shortage', 'no free connection'),
    endpoint: 'neutral',
    route: 'neutral',
  },
  {
    name: 'a denied destination',
    outcome: withdrawn('undeliverable', 'denied'),
    endpoint: 'neutral',
    route: 'neutral',
  },
];

describe('availabilityOf', () => {
  test.each(CASES)(
    '$name: endpoint $endpoint, route $route',
    ({ outcome, endpoint, trial = endpoint, route }) => {
      expect(availabilityOf(outcome, false)).toEqual({ endpoint, route });
      expect(availabilityOf(outcome, true)).toEqual({ endpoint: trial, route });
    },
  );
});
