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
    expect(
      maskCallback({ type: 'http', url: 'https://a/', headers: { [name]: 'hidden' } }, 'secrets'),
    ).toStrictEqual({
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
    expect(maskCallback(callback, 'secrets')).toStrictEqual(callback);
  });

  test.each([
    ['https://user:pw@example.com/a', `https://${MASK}@example.com/a`],
    ['https://a/?x=1&access_token=abc&y=2', `https://a/?x=1&access_token=${MASK}&y=2`],
    ['https://a/?sig=1&api-key=k#token=frag', `https://a/?sig=1&api-key=${MASK}#token=frag`],
    ['https://a/?%74oken=abc&%61pi%2Dkey=k&x=1', `https://a/?%74oken=${MASK}&%61pi%2Dkey=${MASK}&x=1`],
    ['https://a/path@b', 'https://a/path@b'],
    ['not a url', 'not a url'],
  ])('masks %s as %s', (url, shown) => {
    expect(maskCallback({ type: 'http', url }, 'secrets')).toStrictEqual({ type: 'http', url: shown });
  });

  test.each([
    ['https://user:pw@example.com/a', `https://${MASK}@example.com/a`],
    ['https://token@example.com', `https://${MASK}@example.com`],
    [
      'https://a/?sig=1&code=2;%73ig=3&empty=&=4',
      `https://a/?sig=${MASK}&code=${MASK};%73ig=${MASK}&empty=${MASK}&=${MASK}`,
    ],
    ['https://a/?sk_live_abc', `https://a/?${MASK}`],
    ['https://a/?next=https://b/?c=1', `https://a/?next=${MASK}?c=${MASK}`],
    ['https://a/b#access_token=1', `https://a/b#${MASK}`],
    ['https://a/path@b?', 'https://a/path@b?'],
    ['not a url', 'not a url'],
  ])('masks every value in %s: %s', (url, shown) => {
    expect(maskCallback({ type: 'http', url }, 'every-parameter')).toStrictEqual({
      type: 'http',
      url: shown,
    });
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
    expect(maskCallback(stored, 'secrets')).toStrictEqual(shown);
  });
});
