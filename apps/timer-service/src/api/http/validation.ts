import { mapInTurns } from '@timer-platform/database';
import type { FastifyRequest, FastifySchemaCompiler } from 'fastify';
import type { z } from 'zod';
import { validationError } from './api-error.ts';
import { IssueList } from './issue-list.ts';

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
export function issuePath(part: RequestPart, segments: readonly PropertyKey[]): string {
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

/** Adds all issues of one part of a request, or of the part of it at the path `at`. */
function addIssues(
  list: IssueList,
  part: RequestPart,
  issues: readonly z.core.$ZodIssue[],
  at: readonly PropertyKey[] = [],
): void {
  for (const issue of issues) {
    const path = [...at, ...issue.path];
    if (issue.code === 'unrecognized_keys')
      for (const key of issue.keys)
        list.add(() => ({ path: issuePath(part, [...path, key]), message: 'unknown field' }));
    else list.add(() => ({ path: issuePath(part, path), message: messageOf(issue) }));
  }
}

function isRequestPart(part: string): part is RequestPart {
  return part === 'body' || part === 'params' || part === 'querystring' || part === 'headers';
}

/** Schemas of bodies that {@link validateItems} validates. */
const validatedByItems = new WeakSet<z.ZodType>();

/** Validates a part of a request against its zod schema. The error lists every issue in that part. */
export const validateRequest: FastifySchemaCompiler<z.ZodType> = ({ schema, httpPart = 'body' }) => {
  const part = isRequestPart(httpPart) ? httpPart : 'body';
  if (validatedByItems.has(schema)) return (value: unknown) => ({ value });
  return (data: unknown) => {
    const result = schema.safeParse(data);
    if (result.success) return { value: result.data };
    const list = new IssueList();
    addIssues(list, part, result.error.issues);
    return { error: validationError(list) };
  };
};

/**
 * Returns a preValidation hook that validates a body with a list of items, in several turns of the event loop, and
 * replaces the items by the parsed ones. The error lists the issues of all items.
 *
 * @param schema of the whole body; it is then only used in the OpenAPI document
 * @param envelope validates the body without looking into the items
 * @param itemsOf returns the items of a body that the envelope accepts
 */
export function validateItems<Body>(
  schema: z.ZodType,
  envelope: z.ZodType<Body>,
  item: z.ZodType,
  field: string,
  itemsOf: (body: Body) => unknown[],
): (request: FastifyRequest) => Promise<void> {
  validatedByItems.add(schema);
  return async (request) => {
    const list = new IssueList();
    const outer = envelope.safeParse(request.body ?? null);
    if (!outer.success) {
      addIssues(list, 'body', outer.error.issues);
      throw validationError(list);
    }
    const items = await mapInTurns(itemsOf(outer.data), (value, index) => {
      const result = item.safeParse(value);
      if (!result.success) addIssues(list, 'body', result.error.issues, [field, index]);
      return result.data;
    });
    if (list.total > 0) throw validationError(list);
    request.body = { [field]: items };
  };
}
