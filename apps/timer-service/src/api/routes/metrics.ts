import type { MetricsText } from '../api-context.ts';
import type { Api } from '../api-instance.ts';

/** `GET /metrics`, for Prometheus. */
export function metricsRoute(app: Api, metrics: () => Promise<MetricsText>): void {
  app.get('/metrics', { config: { access: 'read' }, schema: { hide: true } }, async (_, reply) => {
    const { contentType, body } = await metrics();
    return reply.type(contentType).send(body);
  });
}
