import { describe, expect, test } from '@jest/globals';
import type { z } from 'zod';
import { issuesOf } from '../testing/issues-of.ts';
import { attempt, summary, timer } from '../testing/sample-timer.ts';
import {
  attemptListResponseSchema,
  canceledResponseSchema,
  degradedResponseSchema,
  healthResponseSchema,
  timerBatchResponseSchema,
  timerListResponseSchema,
  timerResponseSchema,
  timerSummaryResponseSchema,
} from './timer-responses.ts';

const list = {
  timers: [summary],
  total: 1,
  total_estimated: false,
  limit: 50,
  offset: 0,
  next_cursor: null,
  search: null,
};
const responses: [string, z.ZodType, object][] = [
  ['create', timerSummaryResponseSchema, summary],
  ['create batch', timerBatchResponseSchema, { timers: [summary, summary] }],
  ['get', timerResponseSchema, timer],
  ['cancel', canceledResponseSchema, { id: summary.id, status: 'canceled' }],
  ['list', timerListResponseSchema, list],
  ['list with a next page', timerListResponseSchema, { ...list, total_estimated: true, next_cursor: 'abc' }],
  [
    'list of a search',
    timerListResponseSchema,
    {
      ...list,
      total: null,
      next_cursor: 'abc',
      search: { complete: false, searched_to: summary.created_at, scanned: 40_000 },
    },
  ],
  ['list attempts', attemptListResponseSchema, { attempts: [attempt] }],
  [
    'health',
    healthResponseSchema,
    { status: 'up', database: 'connected', timestamp: '2030-01-31T09:00:00.000Z' },
  ],
];

describe.each(responses)('the response schema of %s', (_, schema, data) => {
  test('accepts code 0 with data', () => {
    const response = { code: 0, message: 'success', data };
    expect(schema.parse(response)).toEqual(response);
  });

  test('rejects an error code and missing data', () => {
    expect(issuesOf(schema, { code: 2, message: '', data })).toEqual(['code: Invalid input: expected 0']);
    expect(issuesOf(schema, { code: 0, message: '' })).toEqual([
      'data: Invalid input: expected object, received undefined',
    ]);
  });

  test('accepts additional fields of a later version', () => {
    expect(issuesOf(schema, { code: 0, message: '', data: { ...data, later: 1 }, later: 2 })).toEqual([]);
  });
});

test('degradedResponseSchema accepts only code 1 with data', () => {
  const response = {
    code: 1,
    message: 'the database does not respond',
    data: { status: 'degraded', database: 'disconnected', timestamp: '2030-01-31T09:00:00.000Z' },
  };
  expect(degradedResponseSchema.parse(response)).toEqual(response);
  expect(issuesOf(degradedResponseSchema, { ...response, code: 0 })).toEqual([
    'code: Invalid input: expected 1',
  ]);
  expect(issuesOf(healthResponseSchema, response)).not.toEqual([]);
});
