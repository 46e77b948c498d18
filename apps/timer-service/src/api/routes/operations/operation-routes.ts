import type { ApiContext } from '../../api-context.ts';
import type { Api } from '../../api-instance.ts';
import type { Authentication } from '../../auth/authenticate.ts';
import { createOperations } from '../../operations/operations.ts';
import { getDestinationRoute } from './get-destination.ts';
import { getForecastRoute } from './get-forecast.ts';
import { getStatsRoute } from './get-stats.ts';
import { listDestinationsRoute } from './list-destinations.ts';
import { listDispatchersRoute } from './list-dispatchers.ts';
import { pauseDestinationRoute } from './pause-destination.ts';
import { resumeDestinationRoute } from './resume-destination.ts';
import { streamEventsRoute } from './stream-events.ts';
import { updateDestinationRoute } from './update-destination.ts';

/** What operators see of the whole service, and the settings of destinations. */
export function operationRoutes(
  app: Api,
  context: ApiContext,
  authentication: Pick<Authentication, 'isStillAllowed'>,
): void {
  const operations = createOperations(context.db, context.clock);
  getStatsRoute(app, operations);
  getForecastRoute(app, operations);
  listDestinationsRoute(app, operations);
  getDestinationRoute(app, context);
  updateDestinationRoute(app, context, operations);
  pauseDestinationRoute(app, context, operations);
  resumeDestinationRoute(app, context, operations);
  listDispatchersRoute(app, operations);
  streamEventsRoute(app, context, operations, authentication);
}
