import { z } from 'zod';
import { LIMITS } from './limits.ts';
import { printedGrowth } from './printed-growth.ts';

/** Any JSON value. */
export type JsonValue =
  string | number | boolean | null | readonly JsonValue[] | { readonly [key: string]: JsonValue };

/**
 * An object to send as JSON whose type is an interface: TypeScript accepts one as an index signature only if it is a type
 * alias. Not a Date, nor another object with a `toJSON`, nor a Map, a Set or a function. Members are checked at run time.
 */
type JsonInterface = object & {
  readonly toJSON?: never;
  readonly forEach?: never;
  readonly bind?: never;
};

/** What can be sent as JSON: any JSON value, also with members that are undefined, which are not sent. */
export type JsonInput = JsonValue | JsonInterface;

/** Any JSON value of a response, unchecked: what is stored is returned. */
export const anyJsonSchema = z.custom<JsonValue>(() => true).meta({ description: 'Any JSON value' });

/** Why a value parsed from JSON cannot be stored, and where. */
export interface JsonIssue {
  readonly path: readonly (string | number)[];
  readonly message: string;
}

/** JavaScript prints integers from here on with an exponent: they are floats, not identifiers with digits to lose. */
const EXPONENT_FROM = 1e21;

function stringIssue(text: string): string | undefined {
  if (text.includes('\u0000')) return 'must not contain the character U+0000, which PostgreSQL cannot store';
  if (!text.isWellFormed()) return 'must be well-formed Unicode, without lone surrogates';
  return undefined;
}

function numberIssue(number: number): string | undefined {
  if (!Number.isFinite(number)) return 'must be a finite number';
  if (Number.isInteger(number) && !Number.isSafeInteger(number) && Math.abs(number) < EXPONENT_FROM)
    return 'is an integer beyond 2^53 and would lose digits: send it as a string';
  return undefined;
}

/** An object as JSON.parse creates it, from any realm; not a Date, a Map or an instance of a class. */
function isPlainObject(value: object): value is Readonly<Record<string, unknown>> {
  const prototype: unknown = Object.getPrototypeOf(value);
  return prototype === null || Object.getPrototypeOf(prototype) === null;
}

function instanceIssue(value: object): string {
  const isDate = Object.prototype.toString.call(value) === '[object Date]';
  return isDate ? 'must be a JSON value: convert a Date with toISOString()' : 'must be a JSON value';
}

/** The same issue, seen from the array or object that has the value at `key`. */
function prependKey(key: string | number, issue: JsonIssue): JsonIssue {
  return { path: [key, ...issue.path], message: issue.message };
}

/** Does not descend below {@link LIMITS.jsonDepth}, which bounds the recursion. */
function findIssueAtDepth(value: unknown, depth: number): JsonIssue | undefined {
  if (value === null || typeof value === 'boolean') return undefined;
  if (typeof value === 'string' || typeof value === 'number') {
    const message = typeof value === 'string' ? stringIssue(value) : numberIssue(value);
    return message === undefined ? undefined : { path: [], message };
  }
  if (typeof value !== 'object') return { path: [], message: 'must be a JSON value' };
  if (depth >= LIMITS.jsonDepth)
    return { path: [], message: `must not be nested more than ${LIMITS.jsonDepth} levels deep` };
  if (Array.isArray(value)) return findIssueInArray(value, depth + 1);
  if (!isPlainObject(value)) return { path: [], message: instanceIssue(value) };
  return findIssueInObject(value, depth + 1);
}

function findIssueInArray(items: readonly unknown[], depth: number): JsonIssue | undefined {
  for (const [index, item] of items.entries()) {
    const issue = findIssueAtDepth(item, depth);
    if (issue !== undefined) return prependKey(index, issue);
  }
  return undefined;
}

function findIssueInObject(fields: Readonly<Record<string, unknown>>, depth: number): JsonIssue | undefined {
  for (const key of Object.keys(fields)) {
    const message = stringIssue(key);
    if (message !== undefined) return { path: [key], message: `field name ${message}` };
    // JSON.stringify drops such a member, so that nothing is lost that could be kept.
    if (fields[key] === undefined) continue;
    const issue = findIssueAtDepth(fields[key], depth);
    if (issue !== undefined) return prependKey(key, issue);
  }
  return undefined;
}

/**
 * Finds the first part of a parsed JSON value that PostgreSQL cannot store unchanged: U+0000, a lone surrogate, an
 * integer beyond 2^53, more than {@link LIMITS.jsonDepth} levels, or a value that is not JSON. A hostile value cannot
 * exhaust the stack.
 */
export function findJsonIssue(value: unknown): JsonIssue | undefined {
  return findIssueAtDepth(value, 0);
}

const utf8 = new TextEncoder();

/** How much longer than its JSON a value may be as PostgreSQL prints it: all digits of a number, no exponent. */
const MAX_GROWTH = 2;

/** A JSON value of at most `maxBytes` UTF-8 bytes that PostgreSQL stores unchanged. */
export function jsonValueSchema(maxBytes: number) {
  return z
    .custom<JsonInput>(() => true)
    .superRefine((value: JsonInput | undefined, context) => {
      if (value === undefined) return;
      const issue = findJsonIssue(value);
      if (issue !== undefined) {
        context.addIssue({ code: 'custom', path: [...issue.path], message: issue.message });
        return;
      }
      const bytes = utf8.encode(JSON.stringify(value)).length;
      if (bytes > maxBytes) {
        context.addIssue({
          code: 'custom',
          message: `must be at most ${maxBytes} bytes as JSON, got ${bytes}`,
        });
        return;
      }
      const printed = bytes + printedGrowth(value);
      if (printed > maxBytes * MAX_GROWTH)
        context.addIssue({
          code: 'custom',
          message: `must be at most ${maxBytes * MAX_GROWTH} bytes with all digits of its numbers, got ${printed}: send numbers with large exponents as strings`,
        });
    });
}
