import { describe, expect, test } from '@jest/globals';
import { defineCallback } from '@timer-platform/client';
import { type Callback, matches, selectorOf } from './callback-selector.ts';

const http = { name: 'reminder', url: 'https://shop.example/hooks/reminder?retry=1', subject: null };
const nats = { name: null, url: null, subject: 'orders.late' };

describe('a callback is named by', () => {
  const anything = {
    '~standard': { version: 1, vendor: 'test', validate: (value: unknown) => ({ value }) },
  } as const;
  test.each<[string, Callback, boolean, boolean]>([
    ['a path', '/hooks/reminder', true, false],
    ['another path', '/hooks', false, false],
    ['a URL, its query aside', 'https://SHOP.example/hooks/reminder', true, false],
    ['a URL of another host', 'https://other.example/hooks/reminder', false, false],
    ['the name of a definition', 'reminder', true, false],
    [
      'a definition',
      defineCallback('reminder', anything, { type: 'http', url: 'https://shop.example/' }),
      true,
      false,
    ],
    ['a NATS subject', 'orders.late', false, true],
    ['a topic, which is not a subject', 'orders', false, false],
  ])('%s', (_, callback, isHttp, isNats) => {
    const selector = selectorOf(callback);
    expect([matches(selector, http), matches(selector, nats)]).toEqual([isHttp, isNats]);
  });

  test('nothing, which means all', () => {
    expect([http, nats].map((target) => matches(selectorOf(undefined), target))).toEqual([true, true]);
  });
});
