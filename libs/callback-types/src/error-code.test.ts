import { expect, test } from '@jest/globals';
import { issuesOf } from '../testing/issues-of.ts';
import { type ErrorKind, ERRORS } from './error-code.ts';
import { ERROR_REASONS, type ErrorReasonKind } from './error-reason.ts';
import { errorResponseSchema } from './error-response.ts';

const kinds: [string, ErrorKind][] = Object.entries(ERRORS);

test('keeps the codes of the first service', () => {
  expect(ERRORS.internal).toMatchObject({ code: 1, status: 500 });
  expect(ERRORS.validation).toMatchObject({ code: 2, status: 400 });
  expect(ERRORS.notFound).toMatchObject({ code: 3, status: 404 });
  expect(ERRORS.unauthorized).toMatchObject({ code: 4, status: 401 });
});

test('gives each kind a code of its own, and none the code 0 of success', () => {
  const codes = kinds.map(([, { code }]) => code);
  expect(new Set(codes).size).toBe(codes.length);
  expect(codes.every((code) => Number.isInteger(code) && code > 0)).toBe(true);
});

test.each(kinds)('%s has an error status, a meaning and a valid response body', (_, kind) => {
  expect(kind.status).toBeGreaterThanOrEqual(400);
  expect(kind.status).toBeLessThan(600);
  expect(kind.meaning).not.toBe('');
  const response = { code: kind.code, message: kind.meaning, data: null };
  expect(errorResponseSchema.parse(response)).toEqual(response);
});

test('errorResponseSchema accepts a list of issues', () => {
  const response = {
    code: 2,
    message: 'the request is invalid',
    data: null,
    errors: [{ path: 'callback.url', message: 'must be an absolute URL' }],
  };
  expect(errorResponseSchema.parse(response)).toEqual(response);
});

const reasons: [string, ErrorReasonKind][] = Object.entries(ERROR_REASONS);

test.each(reasons)(
  'the reason %s belongs to an error and is read from its response',
  (reason, { error, meaning }) => {
    expect(meaning).not.toBe('');
    const response = { code: ERRORS[error].code, message: meaning, data: null, reason, status: 'executing' };
    expect(errorResponseSchema.parse(response)).toEqual(response);
  },
);

test('too late and malformed have the code and status of the first service', () => {
  expect(ERROR_REASONS.not_pending.error).toBe('validation');
  expect(ERROR_REASONS.not_failed.error).toBe('validation');
});

test('a reason of a later version is ignored', () => {
  const response = { code: 2, message: 'no', data: null, reason: 'toString' };
  expect(errorResponseSchema.parse(response).reason).toBeUndefined();
});

test.each<[unknown, string]>([
  [{ code: 0, message: '', data: null }, 'code: Too small: expected number to be >0'],
  [{ code: 2, message: '', data: {} }, 'data: Invalid input: expected null, received object'],
  [{ code: 2, data: null }, 'message: Invalid input: expected string, received undefined'],
  [
    { code: 2, message: '', data: null, errors: [{ path: 'a' }] },
    'errors.0.message: Invalid input: expected string, received undefined',
  ],
])('errorResponseSchema rejects %j', (value, issue) => {
  expect(issuesOf(errorResponseSchema, value)).toEqual([issue]);
});
