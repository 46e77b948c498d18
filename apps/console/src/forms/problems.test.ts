import { describe, expect, test } from '@jest/globals';
import { ApiProblem } from '../api/api-problem.ts';
import { answeredProblems, below, mergeProblems, problemAt } from './problems.ts';

const PROBLEMS = [
  { path: 'callback.headers.X-A', message: 'is reserved' },
  { path: 'callback.headers.X-B', message: 'is too long' },
  { path: 'callback.headersX', message: 'is unknown' },
  { path: 'delay', message: 'is required' },
];

describe('problemAt', () => {
  test('has all problems at and below a path, and no others', () => {
    expect(problemAt(PROBLEMS, 'callback.headers')).toBe('X-A: is reserved; X-B: is too long');
    expect(problemAt(PROBLEMS, 'delay')).toBe('is required');
    expect(problemAt(PROBLEMS, 'execute_at')).toBeUndefined();
  });
});

test('the answer of the service is about the same paths as the form', () => {
  const error = new ApiProblem({
    status: 400,
    code: 2,
    message: 'two things are wrong',
    reason: null,
    issues: [
      { path: 'path.key', message: 'has spaces' },
      { path: 'callback.url', message: 'must be an absolute URL' },
    ],
    retryAfterSeconds: null,
  });
  const answered = answeredProblems(error);
  expect(answered.map(({ path }) => path)).toEqual(['key', 'callback.url']);
  expect(answeredProblems(new Error('no answer'))).toEqual([]);
  expect(mergeProblems([{ path: 'key', message: 'is required' }], answered)).toEqual([
    { path: 'key', message: 'is required' },
    { path: 'callback.url', message: 'must be an absolute URL' },
  ]);
});

test('problems of a part have paths in the whole', () => {
  expect(below('callback', [{ path: 'url', message: 'no' }])).toEqual([
    { path: 'callback.url', message: 'no' },
  ]);
});
