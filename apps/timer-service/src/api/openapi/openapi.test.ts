import { readFileSync } from 'node:fs';
import { describe, expect, test } from '@jest/globals';
import { WEBHOOK_HEADERS } from '@timer-platform/callback-types';
import { z } from 'zod';
import { openApiText } from '../../../openapi-text.ts';

const committed = readFileSync(new URL('../../../openapi.json', import.meta.url), 'utf8');

test('openapi.json matches the routes (to update it: npx nx run timer-service:openapi)', async () => {
  expect(await openApiText()).toBe(committed);
});

test('every reference in openapi.json has a schema, and every schema is referenced', () => {
  const names = Array.from(
    committed.matchAll(/"\$ref": "#\/components\/schemas\/([^"]+)"/g),
    ([, name]) => name,
  );
  const { components } = JSON.parse(committed) as { components: { schemas: object } };
  expect(Object.keys(components.schemas).sort()).toStrictEqual([...new Set(names)].sort());
});

const operationSchema = z.looseObject({
  operationId: z.string(),
  summary: z.string(),
  tags: z.array(z.string()).length(1),
  security: z.array(z.looseObject({})).optional(),
  responses: z.record(z.string(), z.looseObject({ description: z.string() })),
});
const document = z
  .looseObject({
    paths: z.record(z.string(), z.record(z.string(), operationSchema)),
    webhooks: z.object({
      callback: z.object({
        post: operationSchema.extend({
          parameters: z.array(z.looseObject({ in: z.string(), name: z.string(), required: z.boolean() })),
        }),
      }),
    }),
    security: z.array(z.looseObject({})),
    tags: z.array(z.object({ name: z.string(), description: z.string() })),
    components: z.looseObject({ securitySchemes: z.looseObject({}) }),
  })
  .parse(JSON.parse(committed));
const webhook = document.webhooks.callback.post;

describe('openapi.json for generators of clients', () => {
  const operations = Object.values(document.paths).flatMap((path) => Object.values(path));

  test('names the operations as methods of a client', () => {
    expect(operations.map(({ operationId }) => operationId).sort()).toStrictEqual([
      'backfillSchedule',
      'cancelTimer',
      'cancelTimerByKey',
      'cancelTimers',
      'createTimer',
      'createTimers',
      'deleteSchedule',
      'getDestination',
      'getForecast',
      'getHealth',
      'getSchedule',
      'getStats',
      'getTimer',
      'getTimerByKey',
      'listActions',
      'listAttempts',
      'listDestinations',
      'listDispatchers',
      'listOccurrences',
      'listSchedules',
      'listTimers',
      'pauseDestination',
      'pauseSchedule',
      'previewSchedule',
      'putSchedule',
      'putTimerByKey',
      'rescheduleTimers',
      'resumeDestination',
      'resumeSchedule',
      'retryTimer',
      'retryTimers',
      'runTimer',
      'runTimers',
      'streamEvents',
      'triggerSchedule',
      'undoAction',
      'updateDestination',
      'updateTimer',
    ]);
  });

  test('describes every tag and uses no other', () => {
    const used = [...operations, webhook].flatMap(({ tags }) => tags);
    expect([...new Set(used)].sort()).toStrictEqual(document.tags.map(({ name }) => name).sort());
  });

  test('accepts the key in either header, and needs none for health', () => {
    expect(document.security).toStrictEqual([{ apiKey: [] }, { bearer: [] }]);
    expect(document.components.securitySchemes).toMatchObject({
      apiKey: { type: 'apiKey', in: 'header', name: 'X-API-Key' },
      bearer: { type: 'http', scheme: 'bearer' },
    });
    const open = operations.filter(({ security }) => security !== undefined);
    expect(open).toMatchObject([{ operationId: 'getHealth', security: [] }]);
  });

  test('has the webhook of a callback with its headers and the meanings of its responses', () => {
    expect(webhook.parameters.map(({ name }) => name).sort()).toStrictEqual(
      Object.values(WEBHOOK_HEADERS).sort(),
    );
    const optional = webhook.parameters.filter(({ required }) => !required);
    expect(optional.map(({ name }) => name)).toStrictEqual([WEBHOOK_HEADERS.signature]);
    expect(Object.keys(webhook.responses).sort()).toStrictEqual(['2XX', '410', 'default']);
    expect(webhook.security).toStrictEqual([]);
  });
});
