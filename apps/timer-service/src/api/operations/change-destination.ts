import { type Destination, LIMITS } from '@timer-platform/callback-types';
import { changeDestinationSettings, type Database, type DestinationChange } from '@timer-platform/database';
import type { FastifyRequest } from 'fastify';
import { clientNameOf } from '../auth/authenticate.ts';
import { errorOf } from '../http/api-error.ts';
import type { Operations } from './operations.ts';
import { readDestination } from './read-destinations.ts';

/** A change that a client requests. */
interface RequestedChange {
  readonly destination: string;
  readonly change: DestinationChange;
  /** The body of the request, for the audit log. */
  readonly body: object;
}

/**
 * Changes the settings of a destination, records that, and returns what the destination then is.
 *
 * @throws {ApiError} code 13: too many destinations have settings
 */
export async function changeDestination(
  db: Database,
  operations: Pick<Operations, 'forgetDestinations'>,
  request: FastifyRequest,
  { destination, change, body }: RequestedChange,
): Promise<Destination> {
  const by = { client: clientNameOf(request), request: body };
  if (!(await changeDestinationSettings(db, destination, by, change)))
    throw errorOf(
      'too_many_destinations',
      `${LIMITS.destinationSettings} destinations are paused or have limits: resume one, or remove its limits, first`,
    );
  operations.forgetDestinations();
  return readDestination(db, destination);
}
