import helmet from '@fastify/helmet';
import swagger from '@fastify/swagger';
import swaggerUi from '@fastify/swagger-ui';
import { createJsonSchemaTransform, createJsonSchemaTransformObject } from 'fastify-type-provider-zod';
import type { z } from 'zod';
import type { Api } from '../api-instance.ts';
import { tidyOpenApi } from './tidy-openapi.ts';

const DESCRIPTION = `Durable timers: store one, and its callback is delivered by HTTP or NATS at the instant it asks for.

Every answer is \`{code, message, data}\`; \`code\` is 0 for a success. Instants are RFC 3339 in UTC.`;

/** Answers may gain fields; requests, whose schemas are strict, may not have others. */
const zodToJsonConfig = {
  override({
    zodSchema,
    jsonSchema,
  }: {
    zodSchema: z.core.$ZodTypes;
    jsonSchema: z.core.JSONSchema.BaseSchema;
  }) {
    const { def } = zodSchema._zod;
    if (def.type === 'object' && def.catchall === undefined) delete jsonSchema.additionalProperties;
  },
};
const jsonSchemaTransform = createJsonSchemaTransform({ zodToJsonConfig });
const jsonSchemaTransformObject = createJsonSchemaTransformObject({ zodToJsonConfig });

/**
 * Collects the routes that are added afterwards into `/openapi.json`, with `/docs` to read it in a browser. Neither
 * needs a key: they say the same on every installation.
 */
export async function documentApi(app: Api): Promise<void> {
  await app.register(swagger, {
    openapi: {
      openapi: '3.1.0',
      info: { title: 'Timer Platform', version: '1', description: DESCRIPTION },
      servers: [{ url: '/' }],
      tags: [{ name: 'timers' }, { name: 'service' }],
      components: {
        securitySchemes: { apiKey: { type: 'apiKey', in: 'header', name: 'X-API-Key' } },
      },
      security: [{ apiKey: [] }],
    },
    transform: jsonSchemaTransform,
    transformObject: (document) => tidyOpenApi(jsonSchemaTransformObject(document)),
  });
  app.get('/openapi.json', { schema: { hide: true } }, () => app.swagger());
  await app.register(async (docs) => {
    await docs.register(helmet, { contentSecurityPolicy: false });
    await docs.register(swaggerUi, {
      routePrefix: '/docs',
      staticCSP: true,
      // Without TLS in front, a browser would otherwise ask for the page's own files by https.
      transformStaticCSP: (policy) => policy.replace(/\s*upgrade-insecure-requests;?/, ''),
      uiConfig: { validatorUrl: null },
    });
  });
}
