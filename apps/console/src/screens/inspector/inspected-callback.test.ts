import { expect, test } from '@jest/globals';
import { type InspectedCallback, mentions, timerOf } from './inspected-callback.ts';

const id = '019ab3c4-6e0f-7c11-9a51-0b2d5f5f3c5e';
const callback: InspectedCallback = {
  receivedAt: '2030-01-31T09:00:00.000Z',
  path: '/inspector/hello',
  headers: { 'webhook-id': `${id}-2`, 'x-order': '42' },
  body: { Hello: 'world' },
};

test('the timer of a callback is the beginning of its webhook-id', () => {
  expect(timerOf(callback)).toBe(id);
  expect(timerOf({ ...callback, headers: { 'webhook-id': id } })).toBe(id);
  expect(timerOf({ ...callback, headers: { 'webhook-id': 'msg_1' } })).toBeUndefined();
  expect(timerOf({ ...callback, headers: {} })).toBeUndefined();
});

test.each(['/hello', 'x-order', 'hello":"WORLD', id])('a callback mentions %s', (text) => {
  expect(mentions(callback, text)).toBe(true);
  expect(mentions({ ...callback, path: '/', headers: {}, body: null }, text)).toBe(false);
});
