import { describe, expect, test } from '@jest/globals';
import { issuesOf } from '../testing/issues-of.ts';
import { httpCallbackSchema, storedHttpCallbackSchema } from './http-callback.ts';

const CHARACTERS = 'url: must not contain spaces, control characters or backslashes';
const SCHEME = 'url: must start with http:// or https:// and the name of a host';
const ABSOLUTE = 'url: must be an absolute URL';
const SECRET = 'url: must not hold a user name or password: use an Authorization header';

const withUrl = (url: unknown) => ({ type: 'http', url });

describe('an HTTP callback of a request', () => {
  test.each([
    ['https://example.com'],
    ['http://example.com/'],
    ['HTTPS://EXAMPLE.COM/Hook?a=1&b=%20#part'],
    ['http://localhost:8080/hook'],
    ['http://127.0.0.1:65535'],
    ['http://[::1]:3000/'],
    ['https://bücher.example/größe?q=ü'],
    ['https://example.com/a//b/../c'],
  ])('may call %s', (url) => {
    expect(httpCallbackSchema.parse(withUrl(url))).toEqual({ type: 'http', url });
  });

  test.each<[unknown, string]>([
    ['', ABSOLUTE],
    ['example.com/hook', ABSOLUTE],
    ['/hook', ABSOLUTE],
    ['//example.com', ABSOLUTE],
    ['http://', ABSOLUTE],
    ['https://?a', ABSOLUTE],
    ['http://example.com:99999/', ABSOLUTE],
    ['http://[::1', ABSOLUTE],
    ['http://a<b/', ABSOLUTE],
    ['http://999.1.1.1/', ABSOLUTE],
    ['ftp://example.com/', SCHEME],
    ['file:///etc/passwd', SCHEME],
    ['javascript:alert(1)', SCHEME],
    ['data:text/plain,a', SCHEME],
    ['ws://example.com/', SCHEME],
    ['nats://example.com:4222', SCHEME],
    ['example.com:8080/hook', SCHEME],
    ['http:example.com', SCHEME],
    ['http:/example.com', SCHEME],
    ['http:///example.com', SCHEME],
    [' https://example.com/', CHARACTERS],
    ['https://example.com/\n', CHARACTERS],
    ['https://example.com/a b', CHARACTERS],
    ['https://exa\tmple.com/', CHARACTERS],
    ['https://example.com/\r\nX-Evil: 1', CHARACTERS],
    ['https://example.com/\u0000', CHARACTERS],
    ['https://example.com/\u007f', CHARACTERS],
    ['https://example.com/\u00a0', CHARACTERS],
    ['https:\\\\example.com\\', CHARACTERS],
    ['https://example.com/\ud800', 'url: must be well-formed Unicode: it holds half of a surrogate pair'],
    ['https://me:secret@example.com/', SECRET],
    ['https://me@example.com/', SECRET],
    ['https://:secret@example.com/', SECRET],
    [42, 'url: Invalid input: expected string, received number'],
    [undefined, 'url: Invalid input: expected string, received undefined'],
  ])('may not call %j', (url, issue) => {
    expect(issuesOf(httpCallbackSchema, withUrl(url))).toEqual([issue]);
  });

  test.each<[object, string]>([
    [{ method: 'PUT' }, ': Unrecognized key: "method"'],
    [{ a: 1, b: 2 }, ': Unrecognized keys: "a", "b"'],
    [JSON.parse('{"__proto__": {}}'), ': Unrecognized key: "__proto__"'],
    [{ headers: { 'X-A': 'a\r\nb' } }, 'headers.X-A: value must not contain line breaks'],
    [{ headers: { Host: 'a' } }, 'headers.Host: is set by the delivery itself and cannot be given'],
    [
      { headers: { 'Content-Length': '0' } },
      'headers.Content-Length: is set by the delivery itself and cannot be given',
    ],
    [
      { headers: { 'webhook-id': 'a' } },
      'headers.webhook-id: is set by the delivery itself and cannot be given',
    ],
    [{ headers: ['a'] }, 'headers: Invalid input: expected record, received array'],
    [
      { payload: { order: { id: '\u0000' } } },
      'payload.order.id: must not contain the character U+0000, which PostgreSQL cannot store',
    ],
    [{ timeout_ms: 99 }, 'timeout_ms: Too small: expected number to be >=100'],
    [{ timeout_ms: 300_001 }, 'timeout_ms: Too big: expected number to be <=300000'],
    [{ timeout_ms: 1_000.5 }, 'timeout_ms: Invalid input: expected int, received number'],
    [{ timeout_ms: '1000' }, 'timeout_ms: Invalid input: expected number, received string'],
  ])('is refused with %j', (fields, issue) => {
    const callback = Object.assign(withUrl('https://example.com/'), fields);
    if (Object.hasOwn(fields, '__proto__'))
      Object.defineProperty(callback, '__proto__', { value: {}, enumerable: true });
    expect(issuesOf(httpCallbackSchema, callback)).toEqual([issue]);
  });

  test.each<[unknown]>([[null], [false], [0], [''], [[]], [{}], ['text'], [{ a: [1, { b: null }] }]])(
    'keeps the payload %j apart from an absent one',
    (payload) => {
      expect(httpCallbackSchema.parse({ ...withUrl('https://example.com/'), payload })).toHaveProperty(
        'payload',
        payload,
      );
      expect(httpCallbackSchema.parse(withUrl('https://example.com/'))).not.toHaveProperty('payload');
    },
  );

  test('may have a URL and a payload of the stated sizes, and no more', () => {
    const origin = 'https://example.com/';
    const issues = (fields: object) => issuesOf(httpCallbackSchema, { ...withUrl(origin), ...fields });
    expect(issues({ url: origin.padEnd(8_192, 'a') })).toEqual([]);
    expect(issues({ url: origin.padEnd(8_193, 'a') })).toEqual([
      'url: Too big: expected string to have <=8192 characters',
    ]);
    expect(issues({ payload: 'x'.repeat(1_048_574) })).toEqual([]);
    expect(issues({ payload: 'x'.repeat(1_048_575) })).toEqual([
      'payload: must be at most 1048576 bytes as JSON, is 1048577',
    ]);
  });

  test('names every issue at once', () => {
    const callback = { type: 'http', url: 'a', headers: { 'a b': '1' }, timeout_ms: 1, verb: 'GET' };
    expect(issuesOf(httpCallbackSchema, callback)).toEqual([
      ABSOLUTE,
      'headers.a b: name has characters that a header name may not have',
      'timeout_ms: Too small: expected number to be >=100',
      ': Unrecognized key: "verb"',
    ]);
  });
});

describe('an HTTP callback of a stored row', () => {
  test.each([
    // The first timer service took every text that begins with http:// or https:// and read it by the URL standard.
    ['http://example.com/a b'],
    ['http://example.com/ \n'],
    ['http://exa\tmple.com/'],
    ['https://example.com\\hook'],
    ['http:///example.com/hook'],
    ['https://me:secret@example.com/'],
  ])('is called at %j, as it was before', (url) => {
    expect(storedHttpCallbackSchema.parse(withUrl(url))).toMatchObject({ url });
  });

  test('is called at a URL of any length', () => {
    const url = 'https://example.com/'.padEnd(20_000, 'a');
    expect(issuesOf(storedHttpCallbackSchema, withUrl(url))).toEqual([]);
  });

  test.each<[unknown, string]>([
    ['', ABSOLUTE],
    ['http://', ABSOLUTE],
    ['nonsense', ABSOLUTE],
    ['ftp://example.com/', 'url: must start with http:// or https://'],
    [null, 'url: Invalid input: expected string, received null'],
    [undefined, 'url: Invalid input: expected string, received undefined'],
  ])('cannot be called at %j', (url, issue) => {
    expect(issuesOf(storedHttpCallbackSchema, withUrl(url))).toEqual([issue]);
  });

  test('passes over what it does not know, and over a time limit that is none', () => {
    const stored = {
      ...withUrl('http://a/'),
      method: 'PUT',
      headers: ['odd'],
      payload: 5,
      timeout_ms: 'long',
    };
    expect(storedHttpCallbackSchema.parse(stored)).toEqual({
      type: 'http',
      url: 'http://a/',
      headers: {},
      payload: 5,
      timeout_ms: undefined,
    });
  });

  test('keeps an absent payload apart from null', () => {
    expect(storedHttpCallbackSchema.parse(withUrl('http://a/'))).not.toHaveProperty('payload');
    expect(storedHttpCallbackSchema.parse({ ...withUrl('http://a/'), payload: null }).payload).toBeNull();
  });
});
