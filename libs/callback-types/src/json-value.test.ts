import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import { issuesOf } from '../testing/issues-of.ts';
import { findJsonIssue, type JsonValue, jsonValueSchema } from './json-value.ts';
import { LIMITS } from './limits.ts';
import { deliveredBytes, printedGrowth } from './printed-growth.ts';
import { type CreateTimerRequest, createTimerRequestSchema } from './timer-requests.ts';

const NUL = 'must not contain the character U+0000, which PostgreSQL cannot store';
const SURROGATE = 'must be well-formed Unicode, without lone surrogates';
const DIGITS = 'is an integer beyond 2^53 and would lose digits: send it as a string';
const DEEP = 'must not be nested more than 64 levels deep';
const NOT_JSON = 'must be a JSON value';

/** Nests `inner` in `levels` arrays. */
function nested(levels: number, inner: unknown): unknown {
  let value = inner;
  for (let level = 0; level < levels; level += 1) value = [value];
  return value;
}

describe('findJsonIssue', () => {
  test.each<[unknown, (string | number)[], string]>([
    ['a\u0000b', [], NUL],
    [{ a: [1, '\u0000'] }, ['a', 1], NUL],
    ['\ud83d', [], SURROGATE],
    [['\udc00\ud800'], [0], SURROGATE],
    [{ 'a\u0000': 1 }, ['a\u0000'], `field name ${NUL}`],
    [{ a: { '\ud800': 1 } }, ['a', '\ud800'], `field name ${SURROGATE}`],
    [9_007_199_254_740_992, [], DIGITS],
    [{ id: JSON.parse('12345678901234567890') as unknown }, ['id'], DIGITS],
    [-9_007_199_254_740_993, [], DIGITS],
    [JSON.parse('1e400'), [], 'must be a finite number'],
    [Number.NaN, [], 'must be a finite number'],
    [undefined, [], NOT_JSON],
    [[undefined], [0], NOT_JSON],
    [[1n], [0], NOT_JSON],
    [{ a: () => 1 }, ['a'], NOT_JSON],
    [Symbol('s'), [], NOT_JSON],
    [new Date(0), [], 'must be a JSON value: convert a Date with toISOString()'],
    [{ at: [new Date(0)] }, ['at', 0], 'must be a JSON value: convert a Date with toISOString()'],
    [{ a: new Map([[1, 2]]) }, ['a'], NOT_JSON],
    [new URLSearchParams('a=1'), [], NOT_JSON],
    [Array(2), [0], NOT_JSON],
  ])('finds the issue in %j', (value, path, message) => {
    expect(findJsonIssue(value)).toEqual({ path, message });
  });

  test.each<[unknown]>([
    [{ a: undefined, b: { c: undefined } }],
    [null],
    [false],
    [0],
    [-0],
    [''],
    [[]],
    [{}],
    [Number.MAX_SAFE_INTEGER],
    [Number.MIN_SAFE_INTEGER],
    [1e21],
    [1.7976931348623157e308],
    [5e-324],
    ['👩‍🚀 naïve ﷽ \u0001 \u007f \uffff'],
    [{ '': { __proto__: null } }],
    [JSON.parse('{"__proto__": {"a": 1}, "constructor": 2, "toJSON": 3}')],
    [Object.assign(Object.create(null), { a: 1 })],
  ])('finds no issue in %j', (value) => {
    expect(findJsonIssue(value)).toBeUndefined();
  });

  test('returns the first issue in document order', () => {
    expect(findJsonIssue({ a: 1, b: ['\u0000'], c: '\ud800' })?.path).toEqual(['b', 0]);
  });

  test('finds an issue inside a field named __proto__', () => {
    expect(findJsonIssue(JSON.parse(String.raw`{"__proto__": {"a": "\u0000"}}`))?.path).toEqual([
      '__proto__',
      'a',
    ]);
  });

  test('limits the nesting of arrays and objects to 64 levels', () => {
    expect(findJsonIssue(nested(64, 1))).toBeUndefined();
    expect(findJsonIssue(nested(63, {}))).toBeUndefined();
    expect(findJsonIssue(nested(65, 1))).toEqual({ path: Array<number>(64).fill(0), message: DEEP });
    expect(findJsonIssue(nested(64, {}))?.message).toBe(DEEP);
  });

  test('rejects extremely deep and cyclic values without exhausting the stack', () => {
    expect(findJsonIssue(nested(1_000_000, 1))?.message).toBe(DEEP);
    const cycle: unknown[] = [];
    cycle.push(cycle);
    expect(findJsonIssue(cycle)?.message).toBe(DEEP);
  });

  test('accepts exactly the values that JSON and PostgreSQL preserve', () => {
    const text = fc.string({ unit: fc.oneof(fc.constantFrom('\u0000', '\ud800', '\udfff'), fc.string()) });
    const leaf = fc.oneof(text, fc.double(), fc.bigInt({ max: 2n ** 64n }).map(Number), fc.boolean());
    const { tree } = fc.letrec<{ tree: unknown }>((tie) => ({
      tree: fc.oneof(
        { depthSize: 'small' },
        leaf,
        fc.constant(null),
        fc.array(tie('tree')),
        fc.dictionary(text, tie('tree')),
      ),
    }));
    fc.assert(
      fc.property(tree, (value) => {
        const json = JSON.stringify(value);
        // JSON.stringify escapes lone surrogates and U+0000, and writes null for non-finite numbers.
        const preserved = !/(?<!\\)(?:\\\\)*\\u(?:0000|d[89a-f])/.test(json) && allNumbersArePreserved(value);
        expect(findJsonIssue(value) === undefined).toBe(preserved);
      }),
      { numRuns: 500 },
    );
  });

  test('returns the path to the issue', () => {
    const key = fc.oneof(fc.nat({ max: 5 }), fc.string({ minLength: 1 }));
    fc.assert(
      fc.property(
        fc.array(key, { maxLength: 60 }),
        fc.constantFrom('\u0000', 1n, Infinity),
        (path, invalid) => {
          const value = path.reduceRight<unknown>(
            (inner, step) =>
              typeof step === 'number'
                ? [...Array<unknown>(step).fill('valid'), inner]
                : { valid: 1, [step === 'valid' ? 'other' : step]: inner },
            invalid,
          );
          const foundPath = findJsonIssue(value)?.path ?? [];
          expect(foundPath.map(String)).toEqual(path.map(String));
        },
      ),
    );
  });
});

function allNumbersArePreserved(value: unknown): boolean {
  if (typeof value === 'number')
    return (
      Number.isFinite(value) &&
      (!Number.isInteger(value) || Number.isSafeInteger(value) || Math.abs(value) >= 1e21)
    );
  if (Array.isArray(value)) return value.every(allNumbersArePreserved);
  return typeof value !== 'object' || value === null || Object.values(value).every(allNumbersArePreserved);
}

describe('jsonValueSchema', () => {
  test('returns the value unchanged', () => {
    const value = { a: [1, null, 'ü'] };
    expect(jsonValueSchema(100).parse(value)).toBe(value);
  });

  test('counts UTF-8 bytes, not characters', () => {
    expect(issuesOf(jsonValueSchema(6), 'abcd')).toEqual([]);
    expect(issuesOf(jsonValueSchema(6), 'üü')).toEqual([]);
    expect(issuesOf(jsonValueSchema(6), 'üüü')).toEqual([': must be at most 6 bytes as JSON, got 8']);
    expect(issuesOf(jsonValueSchema(6), '😀😀')).toEqual([': must be at most 6 bytes as JSON, got 10']);
  });

  test('accepts a payload of 1 MiB, but not one byte more', () => {
    const schema = jsonValueSchema(LIMITS.payloadBytes);
    expect(issuesOf(schema, 'x'.repeat(1_048_574))).toEqual([]);
    expect(issuesOf(schema, 'x'.repeat(1_048_575))).toEqual([
      ': must be at most 1048576 bytes as JSON, got 1048577',
    ]);
  });

  test('reports the path to the issue', () => {
    expect(issuesOf(jsonValueSchema(100), { a: [{ b: '\u0000' }] })).toEqual([`a.0.b: ${NUL}`]);
  });
});

describe('printedGrowth', () => {
  // The lengths are those of PostgreSQL: SELECT octet_length('[1e308]'::jsonb::text).
  test.each<[JsonValue, number]>([
    [1e308, 309],
    [-1e308, 310],
    [1.7976931348623157e308, 309],
    [5e-324, 326],
    [-1.5e-7, 11],
    [1e21, 22],
    [1e20, 21],
    [0.000001, 8],
    [[1, 2, 3], 9],
    [{ a: 1, b: [1e22] }, 40],
    [{}, 2],
    ['a, b: c', 9],
  ])('of %j makes %d bytes', (value, bytes) => {
    expect(JSON.stringify(value).length + printedGrowth(value)).toBe(bytes);
  });

  test.each([1e308, 5e-324])('a list of %d is rejected before it is stored', (number) => {
    const value = Array.from({ length: 100_000 }, () => number);
    expect(issuesOf(jsonValueSchema(LIMITS.payloadBytes), value)).toEqual([
      expect.stringContaining('must be at most 2097152 bytes with all digits of its numbers'),
    ]);
  });

  test('a list without exponents is as long as its JSON allows', () => {
    const value = Array.from({ length: 500_000 }, () => 1);
    expect(issuesOf(jsonValueSchema(LIMITS.payloadBytes), value)).toEqual([]);
  });
});

describe('what can be sent as a payload', () => {
  interface Line {
    readonly sku: string;
    readonly note?: string | undefined;
  }
  interface Order {
    readonly id: string;
    readonly lines: readonly Line[];
  }

  test('an interface, with members that are undefined', () => {
    const order: Order = { id: '42', lines: [{ sku: 'a', note: undefined }] };
    const request: CreateTimerRequest = {
      delay: '1h',
      callback: { type: 'http', url: 'https://example.com/', payload: order },
      metadata: order,
    };
    const parsed = createTimerRequestSchema.parse(request);
    expect(JSON.stringify(parsed.callback.payload)).toBe('{"id":"42","lines":[{"sku":"a"}]}');
  });

  type Metadata = CreateTimerRequest['metadata'];
  // @ts-expect-error a Date is not JSON
  const date: Metadata = new Date(0);
  // @ts-expect-error nor is a Map
  const map: Metadata = new Map([['a', 1]]);
  // @ts-expect-error nor is a function
  const fn: Metadata = () => 1;
  // @ts-expect-error nor is a bigint
  const big: Metadata = 1n;

  test.each<[string, unknown]>([
    ['a Date', date],
    ['a Map', map],
    ['a function', fn],
    ['a bigint', big],
  ])('%s neither compiles nor is accepted', (_, metadata) => {
    const callback = { type: 'http', url: 'https://example.com/' };
    expect(createTimerRequestSchema.safeParse({ delay: '1h', callback, metadata }).success).toBe(false);
  });

  test('members that are undefined do not count as delivered bytes', () => {
    expect(deliveredBytes({ a: 1, b: undefined })).toBe(deliveredBytes({ a: 1 }));
  });
});
