import { expect, jest, test } from '@jest/globals';
import type { CallbackConfig, StoredCallbackConfig } from './callback.ts';
import { type CallbackMatcher, matchCallback } from './match-callback.ts';
import { natsSubject } from './nats-callback.ts';

const target: CallbackMatcher<CallbackConfig, string> = {
  http: ({ url }) => url,
  nats: (callback) => natsSubject(callback),
};

test('calls the function for the type and returns its result', () => {
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

// Checked by the compiler: an unused @ts-expect-error is an error.
type WithThirdType = CallbackConfig | { readonly type: 'smtp'; readonly to: string };

test('a call that does not handle a third type does not compile', () => {
  const callback = { type: 'smtp', to: 'a@example.com' } as WithThirdType;
  // @ts-expect-error smtp is not handled
  expect(() => matchCallback(callback, { http: () => 1, nats: () => 2 })).toThrow(TypeError);
  // @ts-expect-error smtp is not handled by this matcher either
  expect(() => matchCallback(callback, target)).toThrow(TypeError);
  // Control: a call that handles it compiles, and the function receives the third type.
  expect(matchCallback(callback, { ...target, smtp: ({ to }) => to })).toBe('a@example.com');
});

test('a matcher without a type does not compile', () => {
  // @ts-expect-error nats is not handled
  const incomplete: CallbackMatcher<CallbackConfig, number> = { http: () => 1 };
  expect(Object.keys(incomplete)).toEqual(['http']);
});
