import { describe, expect, test } from '@jest/globals';
import type { JsonValue } from '@timer-platform/callback-types';
import { MASK, maskCallback } from './mask-secrets.ts';

describe('maskCallback', () => {
  test.each([
    'Authorization',
    'proxy-authorization',
    'Cookie',
    'X-API-Key',
    'X-Auth-Token',
    'x-webhook-secret',
    'X-Hub-Signature',
    'password',
  ])('masks the value of %s', (name) => {
    expect(maskCallback({ type: 'http', url: 'https://a/', headers: { [name]: 'hidden' } })).toStrictEqual({
      type: 'http',
      url: 'https://a/',
      headers: { [name]: MASK },
    });
  });

  test('leaves other values unchanged', () => {
    const callback = {
      type: 'nats',
      topic: 'orders',
      key: '42',
      headers: { 'Content-Type': 'text/plain', 'X-Order': '7' },
      payload: { token: 'part of the payload' },
    };
    expect(maskCallback(callback)).toStrictEqual(callback);
  });

  test.each([
    ['https://user:pw@example.com/a', `https://${MASK}@example.com/a`],
    ['https://a/?x=1&access_token=abc&y=2', `https://a/?x=1&access_token=${MASK}&y=2`],
    ['https://a/?sig=1&api-key=k#token=frag', `https://a/?sig=1&api-key=${MASK}#token=frag`],
    ['https://a/path@b', 'https://a/path@b'],
    ['not a url', 'not a url'],
  ])('masks %s as %s', (url, shown) => {
    expect(maskCallback({ type: 'http', url })).toStrictEqual({ type: 'http', url: shown });
  });

  // Rows of the first service may hold headers of any shape.
  test.each<[JsonValue, JsonValue]>([
    [{ headers: [{ Authorization: 'hidden' }] }, { headers: [{ Authorization: MASK }] }],
    [{ headers: { Authorization: { a: 'hidden' } } }, { headers: { Authorization: MASK } }],
    [{ headers: null }, { headers: null }],
    [{ headers: 'Authorization: hidden' }, { headers: MASK }],
    [null, null],
    [['a'], ['a']],
  ])('masks %j as %j', (stored, shown) => {
    expect(maskCallback(stored)).toStrictEqual(shown);
  });
});
