import { expect, test } from '@jest/globals';
import { problemOf } from './api-problem.ts';

test('a problem has what the service says', () => {
  const body = {
    code: 2,
    message: 'The request is invalid',
    data: null,
    errors: [{ path: 'body.note', message: 'Too big' }],
    reason: 'no_filter',
  };
  expect(problemOf(400, body, null)).toMatchObject({
    status: 400,
    code: 2,
    message: 'The request is invalid',
    reason: 'no_filter',
    issues: [{ path: 'body.note', message: 'Too big' }],
    retryAfterSeconds: null,
  });
});

test.each([undefined, null, '<html>', [], { code: 'x', message: 7, errors: {} }])(
  'a response of something between, %j, is told by its status',
  (body) => {
    expect(problemOf(502, body, '30')).toMatchObject({
      status: 502,
      code: 0,
      message: 'The service responded with status 502',
      issues: [],
      retryAfterSeconds: 30,
    });
  },
);
