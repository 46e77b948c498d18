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
type Holds<Claim extends true> = Claim;
type Same<A, B> = [A, B] extends [B, A] ? true : false;

/** The list of types and both unions name the same types: a variant added to one alone does not compile. */
// eslint-disable-next-line jest/no-export -- checked by the compiler; unexported it would count as unused
export type ListsAgree = [
  Holds<Same<CallbackConfig['type'], CallbackType>>,
  Holds<Same<StoredCallbackConfig['type'], CallbackType>>,
  // @ts-expect-error control: a longer list would not compile
  Holds<Same<CallbackConfig['type'], CallbackType | 'smtp'>>,
];

test('the database allows the same types', () => {
  expect(valuesOfCheckConstraint('valid_callback_type')).toEqual([...CALLBACK_TYPES]);
});

const schemas: [string, z.ZodType][] = [
  ['a request', callbackConfigSchema],
  ['a stored row', storedCallbackConfigSchema],
];
describe.each(schemas)('the callback of %s', (_, schema) => {
  test('is told by its type', () => {
    expect(schema.parse({ type: 'http', url: 'https://example.com/' })).toMatchObject({ type: 'http' });
    expect(schema.parse({ type: 'nats', topic: 'orders' })).toMatchObject({ type: 'nats' });
  });

  test.each<[unknown, string]>([
    [{ type: 'smtp' }, "type: Invalid discriminator value. Expected 'http' | 'nats'"],
    [{ type: 'HTTP' }, "type: Invalid discriminator value. Expected 'http' | 'nats'"],
    [{ url: 'https://example.com/' }, "type: Invalid discriminator value. Expected 'http' | 'nats'"],
    [{}, "type: Invalid discriminator value. Expected 'http' | 'nats'"],
    [null, ': Invalid input: expected object, received null'],
    [[], ': Invalid input: expected object, received array'],
    ['http://example.com/', ': Invalid input: expected object, received string'],
    [{ type: 'http', topic: 'a' }, 'url: Invalid input: expected string, received undefined'],
    [
      { type: 'nats', url: 'http://example.com/' },
      'topic: Invalid input: expected string, received undefined',
    ],
  ])('refuses %j', (value, issue) => {
    expect(issuesOf(schema, value)[0]).toBe(issue);
  });
});

test('a field of the other type is unknown', () => {
  expect(issuesOf(callbackConfigSchema, { type: 'http', url: 'https://example.com/', topic: 'a' })).toEqual([
    ': Unrecognized key: "topic"',
  ]);
});
