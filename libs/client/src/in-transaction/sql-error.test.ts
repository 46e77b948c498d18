import { expect, test } from '@jest/globals';
import pg from 'pg';
import { prismaErrorOf } from '../testing/prisma-error.ts';
import { timerErrorOf } from './sql-error.ts';

function serverError(code: string, message: string, detail?: string): pg.DatabaseError {
  return Object.assign(new pg.DatabaseError(message, message.length, 'error'), {
    code,
    severity: 'ERROR',
    detail,
  });
}

const REFUSED = 'callback.url: must start with http:// or https://, followed by a host name';
const refused = serverError(
  '22023',
  REFUSED,
  '{"code": 2, "errors": [{"path": "callback.url", "message": "must start with http://"}]}',
);

test.each([
  ['of pg and Kysely', refused],
  ['of Drizzle', new Error('Failed query: SELECT …', { cause: refused })],
  ['of Prisma', prismaErrorOf(refused)],
])('the refusal in an error %s is a TimerError', (_name, error) => {
  expect(timerErrorOf('schedule_timer', error)).toMatchObject({
    kind: 'validation',
    code: 2,
    message: `schedule_timer was refused: ${REFUSED}`,
    issues: [{ path: 'callback.url', message: 'must start with http://' }],
    cause: error,
  });
});

test('a reason and the status of the timer are those of the function', () => {
  const detail = '{"code": 2, "reason": "not_pending", "status": "executing"}';
  const message = "cannot replace timer with status 'executing'";
  expect(timerErrorOf('schedule_timer', prismaErrorOf(serverError('55000', message, detail)))).toMatchObject({
    reason: 'not_pending',
    timerStatus: 'executing',
  });
});

test('an idempotency key of another request is told by its message where Prisma drops the detail', () => {
  const message = 'this idempotency_key was used with another request; use a new key';
  expect(timerErrorOf('schedule_timer', prismaErrorOf(serverError('23505', message)))).toMatchObject({
    kind: 'idempotencyConflict',
    code: 7,
    reason: 'different_request',
    message: `schedule_timer was refused: ${message}`,
  });
});

const circular: { cause?: unknown } = {};
circular.cause = circular;

test.each([
  ['of another function', prismaErrorOf(serverError('22P02', 'invalid input syntax for type uuid: "x"'))],
  ['of a constraint of the caller', prismaErrorOf(serverError('23505', 'duplicate key value'))],
  ['with a detail that is text', serverError('23503', 'violates', 'Key (id)=(1) is not present')],
  ['with a detail that is other JSON', serverError('22023', 'refused', '{"code": "two"}')],
  ['that wraps itself', circular],
  ['that is no object', 'text'],
])('an error %s is left alone', (_name, error) => {
  expect(timerErrorOf('schedule_timer', error)).toBeUndefined();
});
