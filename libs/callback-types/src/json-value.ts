import { z } from 'zod';
import { LIMITS } from './limits.ts';

/** Any value that JSON can hold. */
export type JsonValue =
  string | number | boolean | null | readonly JsonValue[] | { readonly [key: string]: JsonValue };

/** What is wrong with a value parsed from JSON, and where. */
export interface JsonFault {
  readonly path: readonly (string | number)[];
  readonly message: string;
}

/** Integers above 2^53 that a JSON text may have spelled out digit by digit; larger ones print as floats anyway. */
const SPELLED_OUT = 1e21;

function faultOfString(text: string): string | undefined {
  if (text.includes('\u0000')) return 'must not contain the character U+0000, which PostgreSQL cannot store';
  if (!text.isWellFormed()) return 'must be well-formed Unicode: it holds half of a surrogate pair';
  return undefined;
}

function faultOfNumber(number: number): string | undefined {
  if (!Number.isFinite(number)) return 'must be a finite number';
  if (Number.isInteger(number) && !Number.isSafeInteger(number) && Math.abs(number) < SPELLED_OUT)
    return 'is an integer beyond 2^53 and would lose digits: send it as a string';
  return undefined;
}

/** An object as JSON.parse makes it, of whichever realm; not a Date, a Map or an instance of a class. */
function isPlainObject(value: object): value is Readonly<Record<string, unknown>> {
  const prototype: unknown = Object.getPrototypeOf(value);
  return prototype === null || Object.getPrototypeOf(prototype) === null;
}

/** `key` is a field that has the fault itself in its name, or that holds the faulty value. */
function inside(key: string | number, fault: JsonFault): JsonFault {
  return { path: [key, ...fault.path], message: fault.message };
}

/** Recursion is bounded: what is nested too deeply is not entered. */
function faultAtDepth(value: unknown, depth: number): JsonFault | undefined {
  if (value === null || typeof value === 'boolean') return undefined;
  if (typeof value === 'string' || typeof value === 'number') {
    const message = typeof value === 'string' ? faultOfString(value) : faultOfNumber(value);
    return message === undefined ? undefined : { path: [], message };
  }
  if (typeof value !== 'object') return { path: [], message: 'must be a JSON value' };
  if (depth >= LIMITS.jsonDepth)
    return { path: [], message: `must not be nested more than ${LIMITS.jsonDepth} levels deep` };
  if (Array.isArray(value)) {
    const items: readonly unknown[] = value;
    for (const [index, item] of items.entries()) {
      const fault = faultAtDepth(item, depth + 1);
      if (fault !== undefined) return inside(index, fault);
    }
    return undefined;
  }
  if (!isPlainObject(value)) return { path: [], message: 'must be a JSON value' };
  for (const key of Object.keys(value)) {
    const message = faultOfString(key);
    if (message !== undefined) return { path: [key], message: `the name of this field ${message}` };
    const fault = faultAtDepth(value[key], depth + 1);
    if (fault !== undefined) return inside(key, fault);
  }
  return undefined;
}

/**
 * Finds the first thing in a parsed JSON value that cannot be stored or would come back changed: U+0000, a lone
 * surrogate, an integer beyond 2^53, more than {@link LIMITS.jsonDepth} levels, or something that is not JSON at all.
 * A hostile value cannot exhaust the stack.
 */
export function findJsonFault(root: unknown): JsonFault | undefined {
  return faultAtDepth(root, 0);
}

const utf8 = new TextEncoder();

/** A JSON value of at most `maxBytes` UTF-8 bytes that PostgreSQL stores without changing it. */
export function jsonValueSchema(maxBytes: number) {
  return z
    .custom<JsonValue>(() => true)
    .superRefine((value: JsonValue | undefined, context) => {
      if (value === undefined) return;
      const fault = findJsonFault(value);
      if (fault !== undefined) {
        context.addIssue({ code: 'custom', path: [...fault.path], message: fault.message });
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
