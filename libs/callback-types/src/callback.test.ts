import { describe, expect, test } from '@jest/globals';
import type { z } from 'zod';
import { valuesOfCheckConstraint } from '../testing/check-constraint.ts';
import { issuesOf } from '../testing/issues-of.ts';
import {
  CALLBACK_TYPES,
  type CallbackConfig,
  callbackConfigSchema,
  type CallbackType,
  type StoredCallbackConfig,
  storedCallbackConfigSchema,
} from './callback.ts';

/** Compiles only for `true`. */
type Expect<Condition extends true> = Condition;
type Same<A, B> = [A, B] extends [B, A] ? true : false;

/** The list and both unions must have the same types: a variant added to only one of them does not compile. */
// eslint-disable-next-line jest/no-export -- checked by the compiler; without the export it counts as unused
export type TypesAgree = [
  Expect<Same<CallbackConfig['type'], CallbackType>>,
  Expect<Same<StoredCallbackConfig['type'], CallbackType>>,
  // @ts-expect-error control: a list with another type does not compile
  Expect<Same<CallbackConfig['type'], CallbackType | 'smtp'>>,
];

const UNKNOWN_TYPE = `type: Invalid discriminator value. Expected ${CALLBACK_TYPES.map((type) => `'${type}'`).join(' | ')}`;

test('CALLBACK_TYPES matches the constraint valid_callback_type of the database', () => {
  expect(valuesOfCheckConstraint('valid_callback_type')).toEqual([...CALLBACK_TYPES]);
});

const schemas: [string, z.ZodType][] = [
  ['callbackConfigSchema', callbackConfigSchema],
  ['storedCallbackConfigSchema', storedCallbackConfigSchema],
];
describe.each(schemas)('%s', (_, schema) => {
  test('selects the variant by type', () => {
    expect(schema.parse({ type: 'http', url: 'https://example.com/' })).toMatchObject({ type: 'http' });
    expect(schema.parse({ type: 'nats', topic: 'orders' })).toMatchObject({ type: 'nats' });
  });

  test.each<[unknown, string]>([
    [{ type: 'smtp' }, UNKNOWN_TYPE],
    [{ type: 'HTTP' }, UNKNOWN_TYPE],
    [{ url: 'https://example.com/' }, UNKNOWN_TYPE],
    [{}, UNKNOWN_TYPE],
    [null, ': Invalid input: expected object, received null'],
    [[], ': Invalid input: expected object, received array'],
    ['http://example.com/', ': Invalid input: expected object, received string'],
    [{ type: 'http', topic: 'a' }, 'url: Invalid input: expected string, received undefined'],
    [
      { type: 'nats', url: 'http://example.com/' },
      'topic: Invalid input: expected string, received undefined',
    ],
  ])('rejects %j', (value, issue) => {
    expect(issuesOf(schema, value)[0]).toBe(issue);
  });
});

test('callbackConfigSchema rejects a field of the other type', () => {
  expect(issuesOf(callbackConfigSchema, { type: 'http', url: 'https://example.com/', topic: 'a' })).toEqual([
    ': Unrecognized key: "topic"',
  ]);
});
