import helmet from '@fastify/helmet';
import swagger from '@fastify/swagger';
import swaggerUi from '@fastify/swagger-ui';
import { jsonSchemaTransform, jsonSchemaTransformObject } from 'fastify-type-provider-zod';
import type { Api } from './api-context.ts';

const DESCRIPTION = `Durable timers: store one, and its callback is delivered by HTTP or NATS at the instant it asks for.

Every answer is \`{code, message, data}\`; \`code\` is 0 for a success. Instants are RFC 3339 in UTC.`;

/**
 * Collects the routes that are added afterwards into `/openapi.json`, with `/docs` to read it in a browser. Neither
 * needs a key: they say the same on every installation.
 */
export async function documentApi(app: Api): Promise<void> {
  await app.register(swagger, {
    openapi: {
      openapi: '3.1.0',
      info: { title: 'Timer Platform', version: '1', description: DESCRIPTION },
      tags: [{ name: 'timers' }, { name: 'service' }],
      components: {
        securitySchemes: { apiKey: { type: 'apiKey', in: 'header', name: 'X-API-Key' } },
      },
      security: [{ apiKey: [] }],
    },
    transform: jsonSchemaTransform,
    transformObject: jsonSchemaTransformObject,
  });
  app.get('/openapi.json', { schema: { hide: true } }, () => app.swagger());
  await app.register(async (docs) => {
    await docs.register(helmet, { contentSecurityPolicy: false });
    await docs.register(swaggerUi, { routePrefix: '/docs', staticCSP: true });
  });
}
