import helmet from '@fastify/helmet';
import swagger from '@fastify/swagger';
import swaggerUi from '@fastify/swagger-ui';
import { createJsonSchemaTransform, createJsonSchemaTransformObject } from 'fastify-type-provider-zod';
import { z } from 'zod';
import type { Api } from '../api-instance.ts';
import { tidyOpenApi } from './tidy-openapi.ts';
import { WEBHOOKS } from './webhooks.ts';

const DESCRIPTION = `Durable timers: store a timer, and its callback is delivered by HTTP or NATS when the timer is due.

Every response is \`{code, message, data}\`; \`code\` is 0 on success. Instants are RFC 3339 in UTC.`;

/** Allows additional fields in responses, which may gain some later, and keeps examples. Schemas of requests are strict. */
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
    // zod removes those of schemas with a default or a preprocessing step. Ours are valid as input.
    const examples = z.globalRegistry.get(zodSchema)?.['examples'];
    if (examples !== undefined) jsonSchema.examples ??= examples as NonNullable<typeof jsonSchema.examples>;
  },
};
const jsonSchemaTransform = createJsonSchemaTransform({ zodToJsonConfig });
const jsonSchemaTransformObject = createJsonSchemaTransformObject({ zodToJsonConfig });

/**
 * Serves the OpenAPI document of the routes that are added afterwards as `/openapi.json`, and a browsable reference at
 * `/docs`. Neither needs an API key, because both are the same on every installation.
 */
export async function documentApi(app: Api): Promise<void> {
  await app.register(swagger, {
    openapi: {
      openapi: '3.1.0',
      info: { title: 'Timer Platform', version: '1', description: DESCRIPTION },
      servers: [{ url: '/' }],
      tags: [
        { name: 'timers', description: 'Store, read, change and retry timers' },
        { name: 'schedules', description: 'Recurring timers: store, pause, trigger and look back' },
        { name: 'operations', description: 'What operators look at and change' },
        { name: 'service', description: 'Health of the service' },
        { name: 'callbacks', description: 'What the service sends to receivers' },
      ],
      components: {
        securitySchemes: {
          apiKey: { type: 'apiKey', in: 'header', name: 'X-API-Key' },
          bearer: { type: 'http', scheme: 'bearer', description: 'The same key' },
        },
      },
      security: [{ apiKey: [] }, { bearer: [] }],
    },
    transform: jsonSchemaTransform,
    transformObject: (document) => ({
      ...tidyOpenApi(jsonSchemaTransformObject(document)),
      webhooks: WEBHOOKS,
    }),
  });
  app.get('/openapi.json', { schema: { hide: true } }, () => app.swagger());
  await app.register(async (docs) => {
    await docs.register(helmet, { contentSecurityPolicy: false });
    await docs.register(swaggerUi, {
      routePrefix: '/docs',
      staticCSP: true,
      // Without TLS in front, the browser would otherwise request the page's own files by https.
      transformStaticCSP: (policy) => policy.replace(/\s*upgrade-insecure-requests;?/, ''),
      uiConfig: { validatorUrl: null },
    });
  });
}
