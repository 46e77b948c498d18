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

const list = { timers: [summary], total: 1, total_estimated: false, limit: 50, offset: 0, next_cursor: null };
const answers: [string, z.ZodType, object][] = [
  ['a creation', timerSummaryResponseSchema, summary],
  ['a batch', timerBatchResponseSchema, { timers: [summary, summary] }],
  ['a timer', timerResponseSchema, timer],
  ['a cancellation', canceledResponseSchema, { id: summary.id, status: 'canceled' }],
  ['a list', timerListResponseSchema, list],
  [
    'a list with a next page',
    timerListResponseSchema,
    { ...list, total_estimated: true, next_cursor: 'abc' },
  ],
  ['the attempts', attemptListResponseSchema, { attempts: [attempt] }],
  [
    'health',
    healthResponseSchema,
    { status: 'up', database: 'connected', timestamp: '2030-01-31T09:00:00.000Z' },
  ],
];

describe.each(answers)('the answer to %s', (_, schema, data) => {
  test('is code 0 and the data', () => {
    const answer = { code: 0, message: 'success', data };
    expect(schema.parse(answer)).toEqual(answer);
  });

  test('is not an error, and not without data', () => {
    expect(issuesOf(schema, { code: 2, message: '', data })).toEqual(['code: Invalid input: expected 0']);
    expect(issuesOf(schema, { code: 0, message: '' })).toEqual([
      'data: Invalid input: expected object, received undefined',
    ]);
  });

  test('may gain fields in a later version', () => {
    expect(issuesOf(schema, { code: 0, message: '', data: { ...data, later: 1 }, later: 2 })).toEqual([]);
  });
});

test('health that is degraded is code 1 with its data', () => {
  const answer = {
    code: 1,
    message: 'the database does not answer',
    data: { status: 'degraded', database: 'disconnected', timestamp: '2030-01-31T09:00:00.000Z' },
  };
  expect(degradedResponseSchema.parse(answer)).toEqual(answer);
  expect(issuesOf(degradedResponseSchema, { ...answer, code: 0 })).toEqual([
    'code: Invalid input: expected 1',
  ]);
  expect(issuesOf(healthResponseSchema, answer)).not.toEqual([]);
});
