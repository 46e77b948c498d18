import type { DestinationPart, Outcome } from '../../transports/transport.ts';
import type { Availability } from './circuit-breaker.ts';

/** What an outcome shows about the endpoint. Any response shows that it is available, and so does a connection to it. */
function endpointAvailability(outcome: Outcome, isTrial: boolean): Availability {
  if (outcome.kind === 'withdrawn') return 'neutral';
  if (outcome.kind !== 'retryable' || outcome.unavailable === null) return 'available';
  if (outcome.unavailable === 'endpoint') return 'unavailable';
  return outcome.statusCode !== null || isTrial ? 'available' : 'neutral';
}

/** What an outcome shows about the route. Nothing, if the endpoint was not reached. */
function routeAvailability(outcome: Outcome): Availability {
  if (outcome.kind === 'withdrawn') return 'neutral';
  if (outcome.kind !== 'retryable' || outcome.unavailable === null) return 'available';
  return outcome.unavailable === 'endpoint' ? 'neutral' : 'unavailable';
}

/** What an outcome shows about the endpoint and the route of its attempt. */
export function availabilityOf(
  outcome: Outcome,
  isEndpointTrial: boolean,
): Readonly<Record<DestinationPart, Availability>> {
  return { endpoint: endpointAvailability(outcome, isEndpointTrial), route: routeAvailability(outcome) };
}
