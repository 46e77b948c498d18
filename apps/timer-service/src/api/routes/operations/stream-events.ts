import type { ApiContext } from '../../api-context.ts';
import type { Api } from '../../api-instance.ts';
import type { Authentication } from '../../auth/authenticate.ts';
import { errorOf } from '../../http/api-error.ts';
import { EventHub, MAX_SUBSCRIBERS } from '../../operations/events/event-hub.ts';
import { EventStream } from '../../operations/events/event-stream.ts';
import { LiveEventReader } from '../../operations/events/live-events.ts';
import type { Operations } from '../../operations/operations.ts';
import { eventResponses } from '../responses.ts';

/** `GET /events`: server-sent events. */
export function streamEventsRoute(
  app: Api,
  { db, clock }: ApiContext,
  operations: Operations,
  authentication: Pick<Authentication, 'isStillAllowed'>,
): void {
  const hub = new EventHub({
    createReader: () => new LiveEventReader(db, operations, clock),
    onError: (error) => {
      app.log.warn({ err: error }, 'live events could not be read');
    },
  });
  app.addHook('preClose', (done) => {
    hub.close();
    done();
  });
  app.get(
    '/events',
    {
      config: { access: 'read' },
      // The response to a HEAD would not end either.
      exposeHeadRoute: false,
      schema: {
        operationId: 'streamEvents',
        tags: ['operations'],
        summary: 'What happens now, as server-sent events',
        description:
          'The events are stats, timers and destinations; their data are LiveStats, LiveTimers and LiveDestinations. Comments are heartbeats.',
        response: eventResponses(),
      },
    },
    (request, reply) => {
      if (hub.isFull)
        throw errorOf(
          'too_many_subscribers',
          `${MAX_SUBSCRIBERS} clients get live events from this process: close one of them, or read GET /stats again and again`,
        );
      reply.hijack();
      const stream = new EventStream(reply.raw, reply.getHeaders());
      const unsubscribe = hub.subscribe({
        isAllowed: () => authentication.isStillAllowed(request),
        send: (event) => {
          stream.send(event);
        },
        sendHeartbeat: () => {
          stream.sendHeartbeat();
        },
        end: () => {
          stream.end();
        },
      });
      reply.raw.once('close', unsubscribe);
    },
  );
}
