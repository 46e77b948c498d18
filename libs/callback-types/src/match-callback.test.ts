import { expect, jest, test } from '@jest/globals';
import type { CallbackConfig, StoredCallbackConfig } from './callback.ts';
import { type CallbackMatcher, matchCallback } from './match-callback.ts';
import { natsSubject } from './nats-callback.ts';

const target: CallbackMatcher<CallbackConfig, string> = {
  http: ({ url }) => url,
  nats: (callback) => natsSubject(callback),
};

test('calls the function of the type, with the callback, and gives back what it gives', () => {
  expect(matchCallback({ type: 'http', url: 'https://example.com/' }, target)).toBe('https://example.com/');
  expect(matchCallback({ type: 'nats', topic: 'orders', key: '42' }, target)).toBe('orders.42');
});

test('calls no other function', () => {
  const http = jest.fn();
  const nats = jest.fn();
  const callback: StoredCallbackConfig = { type: 'nats', topic: 'orders', headers: {} };
  matchCallback(callback, { http, nats });
  expect(http).not.toHaveBeenCalled();
  expect(nats).toHaveBeenCalledWith(callback);
});

// Checked by the compiler: an @ts-expect-error without an error below it fails the typecheck.
type WithThirdType = CallbackConfig | { readonly type: 'smtp'; readonly to: string };

test('a third type does not compile where it is not handled', () => {
  const callback = { type: 'smtp', to: 'a@example.com' } as WithThirdType;
  // @ts-expect-error smtp is not handled
  expect(() => matchCallback(callback, { http: () => 1, nats: () => 2 })).toThrow(TypeError);
  // @ts-expect-error the matcher of the two types does not do either
  expect(() => matchCallback(callback, target)).toThrow(TypeError);
  // Control: handled, it compiles, and the function is given the third type.
  expect(matchCallback(callback, { ...target, smtp: ({ to }) => to })).toBe('a@example.com');
});

test('a matcher that lacks a type does not compile', () => {
  // @ts-expect-error nats is not handled
  const lacking: CallbackMatcher<CallbackConfig, number> = { http: () => 1 };
  expect(Object.keys(lacking)).toEqual(['http']);
});
