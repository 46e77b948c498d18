import { forecastQuerySchema, forecastResponseSchema } from '@timer-platform/callback-types';
import type { Api } from '../../api-instance.ts';
import type { Operations } from '../../operations/operations.ts';
import { responses, success } from '../responses.ts';

/** `GET /forecast` */
export function getForecastRoute(app: Api, operations: Operations): void {
  app.get(
    '/forecast',
    {
      config: { access: 'read' },
      schema: {
        operationId: 'getForecast',
        tags: ['operations'],
        summary: 'How many timers become due when',
        description:
          'The first 10,000 timers are counted one by one, the others are estimated. The result may be 5 seconds old.',
        querystring: forecastQuerySchema,
        response: responses(200, forecastResponseSchema, [400]),
      },
    },
    async (request) => success(await operations.forecast(request.query)),
  );
}
