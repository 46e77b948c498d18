import type { Destination, Outcome } from '../../transports/transport.ts';
import type { Evidence } from './circuit-breaker.ts';

/** What an outcome shows about the endpoint. Any response shows that it is available, and so does a connection to it. */
function endpointEvidence(outcome: Outcome, isTrial: boolean): Evidence {
  if (outcome.kind === 'withdrawn') return 'neutral';
  if (outcome.kind !== 'retryable' || outcome.unavailable === null) return 'available';
  if (outcome.unavailable === 'endpoint') return 'unavailable';
  return outcome.statusCode !== null || isTrial ? 'available' : 'neutral';
}

/** What an outcome shows about the route. Nothing, if the endpoint was not reached. */
function routeEvidence(outcome: Outcome): Evidence {
  if (outcome.kind === 'withdrawn') return 'neutral';
  if (outcome.kind !== 'retryable' || outcome.unavailable === null) return 'available';
  return outcome.unavailable === 'endpoint' ? 'neutral' : 'unavailable';
}

/** What an outcome shows about the endpoint and the route of its attempt. */
export function evidenceOf(
  outcome: Outcome,
  isEndpointTrial: boolean,
): Readonly<Record<keyof Destination, Evidence>> {
  return { endpoint: endpointEvidence(outcome, isEndpointTrial), route: routeEvidence(outcome) };
}
