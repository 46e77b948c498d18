import type { Destination, UpdateDestinationRequest } from '@timer-platform/callback-types';
import type { SendCall } from './call-spec.ts';
import { isDestination, isDestinationList } from './operation-shapes.ts';
import type { CallOptions } from './options.ts';
import { invalidRequest } from './requests.ts';

/** Limits to set; null removes one, an absent field keeps it. */
export type DestinationLimits = UpdateDestinationRequest;

function at(method: string, destination: string, action = ''): { method: string; path: string } {
  // What is not text, or no path can carry, must not lead to another path.
  if (typeof destination !== 'string' || !destination.includes(':') || !destination.isWellFormed())
    throw invalidRequest(
      `${method} /destinations/:key${action}`,
      'path.key',
      'must be a scheme, a host and a port, such as https://example.com, or nats: and a topic',
    );
  return { method, path: `/destinations/${encodeURIComponent(destination)}${action}` };
}

/**
 * Destinations of callbacks: `https://example.com`, `nats:orders.due`. Changes need a key of the role admin; every dispatcher
 * follows them within a second. Each call leads to the same state when it is repeated.
 */
export class DestinationClient {
  readonly #call: SendCall;

  /** @internal */
  constructor(call: SendCall) {
    this.#call = call;
  }

  /** Returns the destinations with settings, and those where the dispatchers deliver now, in the order of their names. */
  async list(options: CallOptions = {}): Promise<Destination[]> {
    const spec = { method: 'GET', path: '/destinations', shape: isDestinationList };
    return (await this.#call(spec, options)).destinations;
  }

  /** Returns a destination; one of which nothing is known has zeros. */
  async get(destination: string, options: CallOptions = {}): Promise<Destination> {
    return this.#call({ ...at('GET', destination), shape: isDestination }, options);
  }

  /**
   * Pauses a destination: no attempt starts, its timers wait, and attempts under way finish. One that is paused gets the note.
   *
   * @throws {TimerError} `limitReached` with the reason `too_many_destinations`
   */
  async pause(
    destination: string,
    pause: { readonly note?: string | null | undefined } = {},
    options: CallOptions = {},
  ): Promise<Destination> {
    return this.#call({ ...at('POST', destination, '/pause'), body: pause, shape: isDestination }, options);
  }

  /** Resumes a destination: the timers that waited are delivered as fast as its limits allow. */
  async resume(destination: string, options: CallOptions = {}): Promise<Destination> {
    return this.#call({ ...at('POST', destination, '/resume'), body: {}, shape: isDestination }, options);
  }

  /**
   * Sets or removes the limits of a destination, which all dispatchers together follow.
   *
   * @throws {TimerError} `validation` without any field; `limitReached` with the reason `too_many_destinations`
   */
  async limit(
    destination: string,
    limits: DestinationLimits,
    options: CallOptions = {},
  ): Promise<Destination> {
    return this.#call({ ...at('PATCH', destination), body: limits, shape: isDestination }, options);
  }
}
