import { dispatcherListResponseSchema } from '@timer-platform/callback-types';
import type { Api } from '../../api-instance.ts';
import type { Operations } from '../../operations/operations.ts';
import { responses, success } from '../responses.ts';

/** `GET /dispatchers` */
export function listDispatchersRoute(app: Api, operations: Operations): void {
  app.get(
    '/dispatchers',
    {
      config: { access: 'read' },
      schema: {
        operationId: 'listDispatchers',
        tags: ['operations'],
        summary: 'The processes that deliver timers, oldest first',
        response: responses(200, dispatcherListResponseSchema, []),
      },
    },
    async () => success({ dispatchers: await operations.dispatchers() }),
  );
}
