import type { ValidationIssue } from '@timer-platform/callback-types';
import type { FastifySchemaCompiler } from 'fastify';
import type { z } from 'zod';
import { validationError } from './api-error.ts';

/** The parts of a request, as Fastify names them. */
type RequestPart = 'body' | 'params' | 'querystring' | 'headers';

/** Prefixes of issue paths. Paths into the body have none. */
const PREFIX: Readonly<Record<RequestPart, string | undefined>> = {
  body: undefined,
  params: 'path',
  querystring: 'query',
  headers: 'headers',
};

/** Maximum length of a field name in a path: it comes from the client and may be a megabyte long. */
const MAX_SEGMENT = 64;

/** Joins a path such as `callback.headers.X-Id`; the path of the whole body is `body`. */
function issuePath(part: RequestPart, segments: readonly PropertyKey[]): string {
  const names = segments.map((segment) => {
    const name = String(segment);
    return name.length <= MAX_SEGMENT ? name : `${name.slice(0, MAX_SEGMENT)}…`;
  });
  const prefix = PREFIX[part];
  if (prefix !== undefined) names.unshift(prefix);
  return (names.length === 0 ? 'body' : names.join('.')).toWellFormed();
}

/** Fastify passes null for an absent body. */
const ABSENT = /^Invalid input: expected .*, received (?:undefined|null)$/;

function messageOf({ path, message }: z.core.$ZodIssue): string {
  const absent = ABSENT.exec(message);
  if (absent !== null && (path.length === 0 || message.endsWith('undefined'))) return 'is required';
  return message.toWellFormed();
}

/** All issues of one part of a request. */
function issuesIn(part: RequestPart, issues: readonly z.core.$ZodIssue[]): ValidationIssue[] {
  return issues.flatMap((issue) => {
    if (issue.code === 'unrecognized_keys')
      return issue.keys.map((key) => ({
        path: issuePath(part, [...issue.path, key]),
        message: 'unknown field',
      }));
    return [{ path: issuePath(part, issue.path), message: messageOf(issue) }];
  });
}

function isRequestPart(part: string): part is RequestPart {
  return part === 'body' || part === 'params' || part === 'querystring' || part === 'headers';
}

/** Validates a part of a request against its zod schema. The error lists every issue in that part. */
export const validateRequest: FastifySchemaCompiler<z.ZodType> = ({ schema, httpPart = 'body' }) => {
  const part = isRequestPart(httpPart) ? httpPart : 'body';
  return (data: unknown) => {
    const result = schema.safeParse(data);
    if (result.success) return { value: result.data };
    return { error: validationError(issuesIn(part, result.error.issues)) };
  };
};
