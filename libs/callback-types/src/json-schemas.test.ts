import { readdirSync, readFileSync } from 'node:fs';
import { describe, expect, test } from '@jest/globals';
import { z } from 'zod';
import { jsonSchemaFiles } from '../json-schemas.ts';
import { readJson } from '../testing/read-json.ts';
import {
  schedule,
  scheduleSummary,
  skippedOccurrences,
  timerOccurrence,
} from '../testing/sample-schedule.ts';
import { attempt, summary, timer } from '../testing/sample-timer.ts';
import {
  cancelTimersRequestSchema,
  rescheduleTimersRequestSchema,
  retryTimersRequestSchema,
  runTimersRequestSchema,
} from './bulk-requests.ts';
import { bulkResultSchema } from './bulk-responses.ts';
import { destinationSchema } from './destination.ts';
import { pauseDestinationRequestSchema, updateDestinationRequestSchema } from './destination-requests.ts';
import { dispatcherSchema } from './dispatcher.ts';
import { errorResponseSchema } from './error-response.ts';
import { forecastSchema } from './forecast.ts';
import { liveDestinationsSchema, liveStatsSchema, liveTimersSchema } from './live-events.ts';
import { operatorActionSchema } from './operator-action.ts';
import {
  scheduleBackfillSchema,
  schedulePreviewSchema,
  scheduleSchema,
  scheduleSummarySchema,
} from './schedule.ts';
import {
  backfillScheduleRequestSchema,
  pauseScheduleRequestSchema,
  previewScheduleRequestSchema,
  putScheduleRequestSchema,
} from './schedule-requests.ts';
import { statsSchema } from './stats.ts';
import { attemptSchema, timerSchema, timerSummarySchema } from './timer.ts';
import {
  createTimerRequestSchema,
  putTimerRequestSchema,
  updateTimerRequestSchema,
} from './timer-requests.ts';

const directory = new URL('../schemas/', import.meta.url);
const STALE = 'stale: run npx nx run callback-types:schemas';

test('the published files match the zod schemas', () => {
  const published = readdirSync(directory).map((name): [string, string] => [
    name,
    readFileSync(new URL(name, directory), 'utf8'),
  ]);
  const generated = jsonSchemaFiles();
  const stale = published
    .filter(([name, text]) => generated.get(name) !== text)
    .map(([name]) => `${name} is ${STALE}`);
  const missing = [...generated.keys()].filter((name) => !published.some(([file]) => file === name));
  expect([...stale, ...missing]).toEqual([]);
});

const files = [...jsonSchemaFiles()];

test.each(files)('%s has an id, a title and no unresolved or unused definition', (name, text) => {
  const schema = z
    .looseObject({ $id: z.string(), title: z.string(), $defs: z.record(z.string(), z.json()).optional() })
    .parse(JSON.parse(text));
  expect(schema.$id).toBe(`urn:timer-platform:callback-types:${name.replace('.schema.json', '')}`);
  expect(schema.title).toMatch(/^[A-Z][A-Za-z]+$/);
  const references = Array.from(text.matchAll(/"\$ref": "([^"]*)"/g), ([, reference]) => reference);
  const definitions = Object.keys(schema.$defs ?? {}).map((definition) => `#/$defs/${definition}`);
  expect([...new Set(references)].sort()).toEqual(definitions.sort());
});

const withExamples: [string, z.ZodType][] = [
  ['attempt', attemptSchema],
  ['backfill-schedule-request', backfillScheduleRequestSchema],
  ['bulk-result', bulkResultSchema],
  ['create-timer-request', createTimerRequestSchema],
  ['destination', destinationSchema],
  ['dispatcher', dispatcherSchema],
  ['error-response', errorResponseSchema],
  ['forecast', forecastSchema],
  ['live-destinations', liveDestinationsSchema],
  ['live-stats', liveStatsSchema],
  ['live-timers', liveTimersSchema],
  ['pause-destination-request', pauseDestinationRequestSchema],
  ['operator-action', operatorActionSchema],
  ['pause-schedule-request', pauseScheduleRequestSchema],
  ['preview-schedule-request', previewScheduleRequestSchema],
  ['put-schedule-request', putScheduleRequestSchema],
  ['put-timer-request', putTimerRequestSchema],
  ['schedule', scheduleSchema],
  ['schedule-backfill', scheduleBackfillSchema],
  ['schedule-preview', schedulePreviewSchema],
  ['schedule-summary', scheduleSummarySchema],
  ['stats', statsSchema],
  ['timer', timerSchema],
  ['timer-summary', timerSummarySchema],
  ['update-destination-request', updateDestinationRequestSchema],
  ['update-timer-request', updateTimerRequestSchema],
];

const bulkRequests: [string, z.ZodType][] = [
  ['cancel-timers-request', cancelTimersRequestSchema],
  ['reschedule-timers-request', rescheduleTimersRequestSchema],
  ['retry-timers-request', retryTimersRequestSchema],
  ['run-timers-request', runTimersRequestSchema],
];

test.each(bulkRequests)('the example of %s is valid', (name, schema) => {
  const { examples } = z
    .looseObject({ examples: z.array(z.json()).length(1) })
    .parse(readJson(`schemas/${name}.schema.json`));
  expect(schema.safeParse(examples[0]).error).toBeUndefined();
});

test.each(withExamples)('the example of %s is valid, with known fields only', (name, schema) => {
  const { examples, properties } = z
    .looseObject({ examples: z.array(z.json()).length(1), properties: z.looseObject({}) })
    .parse(readJson(`schemas/${name}.schema.json`));
  const [example] = examples;
  expect(schema.parse(example)).toEqual(example);
  expect(Object.keys(properties)).toEqual(expect.arrayContaining(Object.keys(Object(example) as object)));
});

/** Validates with only the published file, like a consumer in another language. */
function accepts(name: string, value: unknown): boolean {
  const schema = z.record(z.string(), z.json()).parse(readJson(`schemas/${name}.schema.json`));
  return z.fromJSONSchema(schema).safeParse(value).success;
}

describe('the published files', () => {
  const executeAt = '2030-01-31T09:00:00Z';
  const callback = { type: 'http', url: 'https://example.com/hook' };

  test.each<[unknown]>([[null], [false], [0], [''], [['a']], [{ a: { b: null } }]])(
    'accept %j as payload and metadata',
    (value) => {
      const request = { execute_at: executeAt, callback: { ...callback, payload: value }, metadata: value };
      expect(accepts('create-timer-request', request)).toBe(true);
    },
  );

  test.each<[unknown]>([
    [{ execute_at: executeAt }],
    [{ execute_at: 'tomorrow', callback }],
    [{ delay: '1.5h', callback }],
    [{ execute_at: executeAt, callback: { type: 'smtp' } }],
    [{ execute_at: executeAt, callback: { ...callback, url: 'ftp://example.com' } }],
    [{ execute_at: executeAt, callback: { ...callback, headers: { a: 'x\r\ny' } } }],
    [{ execute_at: executeAt, callback: { ...callback, headers: { a: 1 } } }],
    [{ execute_at: executeAt, callback: { ...callback, timeout_ms: 1 } }],
    [{ execute_at: executeAt, callback: { type: 'nats', topic: 'a.*' } }],
    [{ execute_at: executeAt, callback: { type: 'nats', topic: '$SYS.a' } }],
    [{ execute_at: executeAt, callback, retry: { max_attempts: 0 } }],
    [{ execute_at: executeAt, callback, color: 'red' }],
  ])('reject the request %j', (request) => {
    expect(accepts('create-timer-request', request)).toBe(false);
  });

  test.each<[object]>([
    [{ cron: [], callback }],
    [{ cron: 5, callback }],
    [{ cron: 'x'.repeat(257), callback }],
    [{ cron: '@daily', time_zone: 'Europe Berlin', callback }],
    [{ every: '1.5h', callback }],
    [{ every: '1h' }],
  ])('reject the schedule %j', (request) => {
    expect(accepts('put-schedule-request', request)).toBe(false);
  });

  test.each<[string, object]>([
    ['timer', timer],
    ['timer-summary', summary],
    ['attempt', attempt],
    ['error-response', { code: 2, message: 'not valid', data: null, errors: [{ path: 'a', message: 'b' }] }],
    ['callback-config', callback],
    ['retry-policy', { delays: ['1s'] }],
    ['schedule', schedule],
    ['schedule-summary', scheduleSummary],
    ['occurrence', timerOccurrence],
    ['occurrence', skippedOccurrences],
    ['put-schedule-request', { cron: ['@daily'], callback }],
    ['put-schedule-request', { every: '1h', cron: null, callback }],
  ])('accept a valid %s', (name, value) => {
    expect(accepts(name, value)).toBe(true);
    expect(accepts(name, 5)).toBe(false);
  });

  test('accept additional fields in responses', () => {
    expect(accepts('timer', { ...timer, later: 1 })).toBe(true);
  });
});
