import { readdirSync } from 'node:fs';
import { describe, expect, test } from '@jest/globals';
import { z } from 'zod';
import { readJson } from '../testing/read-json.ts';
import { CALLBACK_TYPES, storedCallbackConfigSchema } from './callback.ts';
import { putScheduleRequestSchema } from './schedule-requests.ts';
import {
  createTimerRequestSchema,
  createTimersRequestSchema,
  updateTimerRequestSchema,
} from './timer-requests.ts';

const stored = z
  .array(z.strictObject({ name: z.string(), stored: z.json(), parsed: z.json() }))
  .parse(readJson('fixtures/stored-callbacks.json'));

describe('stored-callbacks.json', () => {
  test.each(stored)('parses $name as before', (fixture) => {
    expect(storedCallbackConfigSchema.parse(fixture.stored)).toEqual(fixture.parsed);
  });

  test('has fixtures of every callback type', () => {
    const types = stored.map(({ parsed }) => storedCallbackConfigSchema.parse(parsed).type);
    expect(new Set(types)).toEqual(new Set(CALLBACK_TYPES));
  });
});

const requests: [string, z.ZodType][] = [
  ['create-timer-requests.json', createTimerRequestSchema],
  ['create-timers-requests.json', createTimersRequestSchema],
  ['put-schedule-requests.json', putScheduleRequestSchema],
  ['update-timer-requests.json', updateTimerRequestSchema],
];

describe.each(requests)('%s', (file, schema) => {
  const fixtures = z
    .array(z.strictObject({ name: z.string(), request: z.json(), parsed: z.json() }))
    .min(1)
    .parse(readJson(`fixtures/${file}`));

  test.each(fixtures)('parses $name as before', ({ request, parsed }) => {
    expect(schema.parse(request)).toEqual(parsed);
  });

  test.each(fixtures)('the published JSON Schema accepts $name', ({ request }) => {
    const published = z
      .record(z.string(), z.json())
      .parse(readJson(`schemas/${file.replace('requests.json', 'request.schema.json')}`));
    expect(z.fromJSONSchema(published).safeParse(request).error).toBeUndefined();
  });
});

test('every fixture file is tested', () => {
  const files = readdirSync(new URL('../fixtures/', import.meta.url)).filter((file) =>
    file.endsWith('.json'),
  );
  const elsewhere = ['signatures.json', 'stored-callbacks.json'];
  expect(files.sort()).toEqual([...requests.map(([file]) => file), ...elsewhere].sort());
});
