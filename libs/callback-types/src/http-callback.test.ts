import { describe, expect, test } from '@jest/globals';
import { issuesOf } from '../testing/issues-of.ts';
import { httpCallbackSchema, storedHttpCallbackSchema } from './http-callback.ts';

const ILLEGAL_CHARACTER = 'url: must not contain spaces, control characters or backslashes';
const SCHEME = 'url: must start with http:// or https://, followed by a host name';
const NOT_ABSOLUTE = 'url: must be an absolute URL';
const CREDENTIALS = 'url: must not contain a user name or password: use an Authorization header';

const withUrl = (url: unknown) => ({ type: 'http', url });

describe('httpCallbackSchema', () => {
  test.each([
    ['https://example.com'],
    ['http://example.com/'],
    ['HTTPS://EXAMPLE.COM/Hook?a=1&b=%20#part'],
    ['http://localhost:8080/hook'],
    ['http://127.0.0.1:65535'],
    ['http://[::1]:3000/'],
    ['https://bücher.example/größe?q=ü'],
    ['https://example.com/a//b/../c'],
  ])('accepts the URL %s', (url) => {
    expect(httpCallbackSchema.parse(withUrl(url))).toEqual({ type: 'http', url });
  });

  test.each<[unknown, string]>([
    ['', NOT_ABSOLUTE],
    ['example.com/hook', NOT_ABSOLUTE],
    ['/hook', NOT_ABSOLUTE],
    ['//example.com', NOT_ABSOLUTE],
    ['http://', NOT_ABSOLUTE],
    ['https://?a', NOT_ABSOLUTE],
    ['http://example.com:99999/', NOT_ABSOLUTE],
    ['http://[::1', NOT_ABSOLUTE],
    ['http://a<b/', NOT_ABSOLUTE],
    ['http://999.1.1.1/', NOT_ABSOLUTE],
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
    [' https://example.com/', ILLEGAL_CHARACTER],
    ['https://example.com/\n', ILLEGAL_CHARACTER],
    ['https://example.com/a b', ILLEGAL_CHARACTER],
    ['https://exa\tmple.com/', ILLEGAL_CHARACTER],
    ['https://example.com/\r\nX-Evil: 1', ILLEGAL_CHARACTER],
    ['https://example.com/\u0000', ILLEGAL_CHARACTER],
    ['https://example.com/\u007f', ILLEGAL_CHARACTER],
    ['https://example.com/\u00a0', ILLEGAL_CHARACTER],
    ['https:\\\\example.com\\', ILLEGAL_CHARACTER],
    ['https://example.com/\ud800', 'url: must be well-formed Unicode, without lone surrogates'],
    ['https://me:secret@example.com/', CREDENTIALS],
    ['https://me@example.com/', CREDENTIALS],
    ['https://:secret@example.com/', CREDENTIALS],
    [42, 'url: Invalid input: expected string, received number'],
    [undefined, 'url: Invalid input: expected string, received undefined'],
  ])('rejects the URL %j', (url, issue) => {
    expect(issuesOf(httpCallbackSchema, withUrl(url))).toEqual([issue]);
  });

  test.each<[object, string]>([
    [{ method: 'PUT' }, ': Unrecognized key: "method"'],
    [{ a: 1, b: 2 }, ': Unrecognized keys: "a", "b"'],
    [JSON.parse('{"__proto__": {}}'), ': Unrecognized key: "__proto__"'],
    [{ headers: { 'X-A': 'a\r\nb' } }, 'headers.X-A: value must not contain line breaks'],
    [{ headers: { Host: 'a' } }, 'headers.Host: is reserved: the service sets this header'],
    [
      { headers: { 'Content-Length': '0' } },
      'headers.Content-Length: is reserved: the service sets this header',
    ],
    [{ headers: { 'webhook-id': 'a' } }, 'headers.webhook-id: is reserved: the service sets this header'],
    [
      { headers: { 'Webhook-Attempt': '1' } },
      'headers.Webhook-Attempt: is reserved: the service sets this header',
    ],
    [{ headers: ['a'] }, 'headers: must be an object of strings'],
    [
      { payload: { order: { id: '\u0000' } } },
      'payload.order.id: must not contain the character U+0000, which PostgreSQL cannot store',
    ],
    [{ timeout_ms: 99 }, 'timeout_ms: Too small: expected number to be >=100'],
    [{ timeout_ms: 300_001 }, 'timeout_ms: Too big: expected number to be <=300000'],
    [{ timeout_ms: 1_000.5 }, 'timeout_ms: Invalid input: expected int, received number'],
    [{ timeout_ms: '1000' }, 'timeout_ms: Invalid input: expected number, received string'],
  ])('rejects %j', (fields, issue) => {
    const callback = Object.assign(withUrl('https://example.com/'), fields);
    if (Object.hasOwn(fields, '__proto__'))
      Object.defineProperty(callback, '__proto__', { value: {}, enumerable: true });
    expect(issuesOf(httpCallbackSchema, callback)).toEqual([issue]);
  });

  test.each<[unknown]>([[null], [false], [0], [''], [[]], [{}], ['text'], [{ a: [1, { b: null }] }]])(
    'distinguishes the payload %j from an absent payload',
    (payload) => {
      expect(httpCallbackSchema.parse({ ...withUrl('https://example.com/'), payload })).toHaveProperty(
        'payload',
        payload,
      );
      expect(httpCallbackSchema.parse(withUrl('https://example.com/'))).not.toHaveProperty('payload');
    },
  );

  test('limits the URL to 8,192 characters and the payload to 1 MiB', () => {
    const origin = 'https://example.com/';
    const issues = (fields: object) => issuesOf(httpCallbackSchema, { ...withUrl(origin), ...fields });
    expect(issues({ url: origin.padEnd(8_192, 'a') })).toEqual([]);
    expect(issues({ url: origin.padEnd(8_193, 'a') })).toEqual([
      'url: Too big: expected string to have <=8192 characters',
    ]);
    expect(issues({ payload: 'x'.repeat(1_048_574) })).toEqual([]);
    expect(issues({ payload: 'x'.repeat(1_048_575) })).toEqual([
      'payload: must be at most 1048576 bytes as JSON, got 1048577',
    ]);
  });

  test('reports every issue', () => {
    const callback = { type: 'http', url: 'a', headers: { 'a b': '1' }, timeout_ms: 1, verb: 'GET' };
    expect(issuesOf(httpCallbackSchema, callback)).toEqual([
      NOT_ABSOLUTE,
      'headers.a b: name contains characters that are not allowed in header names',
      'timeout_ms: Too small: expected number to be >=100',
      ': Unrecognized key: "verb"',
    ]);
  });
});

describe('storedHttpCallbackSchema', () => {
  test.each([
    // The first service accepted every text that starts with http:// or https:// and that a URL parser accepts.
    ['http://example.com/a b'],
    ['http://example.com/ \n'],
    ['http://exa\tmple.com/'],
    ['https://example.com\\hook'],
    ['http:///example.com/hook'],
    ['https://me:secret@example.com/'],
  ])('accepts the URL %j, like the first service', (url) => {
    expect(storedHttpCallbackSchema.parse(withUrl(url))).toMatchObject({ url });
  });

  test('accepts a URL of any length', () => {
    const url = 'https://example.com/'.padEnd(20_000, 'a');
    expect(issuesOf(storedHttpCallbackSchema, withUrl(url))).toEqual([]);
  });

  test.each<[unknown, string]>([
    ['', NOT_ABSOLUTE],
    ['http://', NOT_ABSOLUTE],
    ['nonsense', NOT_ABSOLUTE],
    ['ftp://example.com/', 'url: must start with http:// or https://'],
    [null, 'url: Invalid input: expected string, received null'],
    [undefined, 'url: Invalid input: expected string, received undefined'],
  ])('rejects the URL %j', (url, issue) => {
    expect(issuesOf(storedHttpCallbackSchema, withUrl(url))).toEqual([issue]);
  });

  test('ignores unknown fields and an invalid time limit', () => {
    const stored = {
      ...withUrl('http://a/'),
      method: 'PUT',
      headers: ['malformed'],
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

  test('distinguishes an absent payload from null', () => {
    expect(storedHttpCallbackSchema.parse(withUrl('http://a/'))).not.toHaveProperty('payload');
    expect(storedHttpCallbackSchema.parse({ ...withUrl('http://a/'), payload: null }).payload).toBeNull();
  });
});
