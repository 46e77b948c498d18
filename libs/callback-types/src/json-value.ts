import { z } from 'zod';
import { LIMITS } from './limits.ts';

/** Any value that JSON can hold. */
export type JsonValue =
  string | number | boolean | null | readonly JsonValue[] | { readonly [key: string]: JsonValue };

/** What is wrong with a value parsed from JSON, and where. */
export interface JsonIssue {
  readonly path: readonly (string | number)[];
  readonly message: string;
}

/** Integers above 2^53 that a JSON text may have spelled out digit by digit; larger ones print as floats anyway. */
const EXPONENT_FROM = 1e21;

function stringIssue(text: string): string | undefined {
  if (text.includes('\u0000')) return 'must not contain the character U+0000, which PostgreSQL cannot store';
  if (!text.isWellFormed()) return 'must be well-formed Unicode: it holds half of a surrogate pair';
  return undefined;
}

function numberIssue(number: number): string | undefined {
  if (!Number.isFinite(number)) return 'must be a finite number';
  if (Number.isInteger(number) && !Number.isSafeInteger(number) && Math.abs(number) < EXPONENT_FROM)
    return 'is an integer beyond 2^53 and would lose digits: send it as a string';
  return undefined;
}

/** An object as JSON.parse makes it, of whichever realm; not a Date, a Map or an instance of a class. */
function isPlainObject(value: object): value is Readonly<Record<string, unknown>> {
  const prototype: unknown = Object.getPrototypeOf(value);
  return prototype === null || Object.getPrototypeOf(prototype) === null;
}

/** `key` is a field that has the issue itself in its name, or that holds the faulty value. */
function prependKey(key: string | number, issue: JsonIssue): JsonIssue {
  return { path: [key, ...issue.path], message: issue.message };
}

/** Recursion is bounded: what is nested too deeply is not entered. */
function findIssueAtDepth(value: unknown, depth: number): JsonIssue | undefined {
  if (value === null || typeof value === 'boolean') return undefined;
  if (typeof value === 'string' || typeof value === 'number') {
    const message = typeof value === 'string' ? stringIssue(value) : numberIssue(value);
    return message === undefined ? undefined : { path: [], message };
  }
  if (typeof value !== 'object') return { path: [], message: 'must be a JSON value' };
  if (depth >= LIMITS.jsonDepth)
    return { path: [], message: `must not be nested more than ${LIMITS.jsonDepth} levels deep` };
  if (Array.isArray(value)) {
    const items: readonly unknown[] = value;
    for (const [index, item] of items.entries()) {
      const issue = findIssueAtDepth(item, depth + 1);
      if (issue !== undefined) return prependKey(index, issue);
    }
    return undefined;
  }
  if (!isPlainObject(value)) return { path: [], message: 'must be a JSON value' };
  for (const key of Object.keys(value)) {
    const message = stringIssue(key);
    if (message !== undefined) return { path: [key], message: `the name of this field ${message}` };
    const issue = findIssueAtDepth(value[key], depth + 1);
    if (issue !== undefined) return prependKey(key, issue);
  }
  return undefined;
}

/**
 * Finds the first thing in a parsed JSON value that cannot be stored or would come back changed: U+0000, a lone
 * surrogate, an integer beyond 2^53, more than {@link LIMITS.jsonDepth} levels, or something that is not JSON at all.
 * A hostile value cannot exhaust the stack.
 */
export function findJsonIssue(root: unknown): JsonIssue | undefined {
  return findIssueAtDepth(root, 0);
}

const utf8 = new TextEncoder();

/** A JSON value of at most `maxBytes` UTF-8 bytes that PostgreSQL stores without changing it. */
export function jsonValueSchema(maxBytes: number) {
  return z
    .custom<JsonValue>(() => true)
    .superRefine((value: JsonValue | undefined, context) => {
      if (value === undefined) return;
      const issue = findJsonIssue(value);
      if (issue !== undefined) {
        context.addIssue({ code: 'custom', path: [...issue.path], message: issue.message });
        return;
      }
      const bytes = utf8.encode(JSON.stringify(value)).length;
      if (bytes > maxBytes)
        context.addIssue({
          code: 'custom',
          message: `must be at most ${maxBytes} bytes as JSON, is ${bytes}`,
        });
    });
}
