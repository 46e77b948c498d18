import { describe, expect, test } from '@jest/globals';
import type { z } from 'zod';
import { issuesOf } from '../testing/issues-of.ts';
import {
  schedule,
  scheduleSummary,
  skippedOccurrences,
  timerOccurrence,
  withdrawal,
} from '../testing/sample-schedule.ts';
import { summary } from '../testing/sample-timer.ts';
import { EXAMPLE_BACKFILL, EXAMPLE_PREVIEW } from './schedule-examples.ts';
import {
  backfillScheduleResponseSchema,
  deleteScheduleResponseSchema,
  occurrenceListResponseSchema,
  pauseScheduleResponseSchema,
  previewScheduleResponseSchema,
  putScheduleResponseSchema,
  scheduleListResponseSchema,
  scheduleResponseSchema,
} from './schedule-responses.ts';
import { timerSummarySchema } from './timer.ts';

const responses: [string, z.ZodType, object][] = [
  ['get', scheduleResponseSchema, schedule],
  ['put', putScheduleResponseSchema, { ...schedule, ...withdrawal, changed: true }],
  ['pause', pauseScheduleResponseSchema, { ...schedule, ...withdrawal }],
  ['delete', deleteScheduleResponseSchema, { key: 'daily-report', id: schedule.id, ...withdrawal }],
  ['list', scheduleListResponseSchema, { schedules: [scheduleSummary], next_cursor: 'abc' }],
  ['preview', previewScheduleResponseSchema, EXAMPLE_PREVIEW],
  ['backfill', backfillScheduleResponseSchema, EXAMPLE_BACKFILL],
  [
    'list occurrences',
    occurrenceListResponseSchema,
    { occurrences: [timerOccurrence, skippedOccurrences], next_cursor: null },
  ],
];

describe.each(responses)('the response schema of %s', (_, schema, data) => {
  test('accepts code 0 with data, and additional fields of a later version', () => {
    const response = { code: 0, message: 'success', data };
    expect(schema.parse(response)).toEqual(response);
    expect(issuesOf(schema, { ...response, data: { ...data, later: 1 }, later: 2 })).toEqual([]);
  });

  test('rejects an error code and each missing field', () => {
    expect(issuesOf(schema, { code: 2, message: '', data })).toEqual(['code: Invalid input: expected 0']);
    // Any JSON value may be metadata.
    for (const field of Object.keys(data).filter((name) => name !== 'metadata')) {
      const rest = Object.fromEntries(Object.entries(data).filter(([name]) => name !== field));
      expect(issuesOf(schema, { code: 0, message: '', data: rest })).toHaveLength(1);
    }
  });
});

test('an occurrence is a timer or a run of skips', () => {
  const list = { occurrences: [{ ...timerOccurrence, type: 'other' }], next_cursor: null };
  expect(issuesOf(occurrenceListResponseSchema, { code: 0, message: '', data: list })).toHaveLength(1);
});

test('a timer says which occurrence of which schedule it is', () => {
  const occurrence = {
    ...summary,
    schedule_id: schedule.id,
    schedule_key: null,
    scheduled_for: '2030-01-31T09:00:00.000Z',
    origin: 'catch_up',
  };
  expect(timerSummarySchema.parse(occurrence)).toEqual(occurrence);
});
