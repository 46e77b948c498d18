import { describe, expect, test } from '@jest/globals';
import { natsCallbackSchema, storedHttpCallbackSchema } from '@timer-platform/callback-types';
import { withTestDatabase } from '@timer-platform/test-support/jest';
import fc from 'fast-check';
import { httpDestinationName, natsDestinationName } from './destination-name.ts';
import { httpDestinations } from './http/http-destination.ts';
import { HOSTILE_HOSTS } from './testing/hostile-hosts.ts';

const database = withTestDatabase();

/** What the database names them. */
async function databaseNames(callbacks: readonly object[]): Promise<(string | null)[]> {
  const { rows } = await database.query<{ name: string | null }>(
    'SELECT timer_destination(callback) AS name FROM jsonb_array_elements($1::jsonb) AS callback',
    [JSON.stringify(callbacks)],
  );
  return rows.map(({ name }) => name);
}

function isCallable(url: string): boolean {
  return storedHttpCallbackSchema.safeParse({ type: 'http', url }).success;
}

async function expectSameNames(urls: readonly string[]): Promise<void> {
  const stored = urls.filter((url) => !url.includes('\u0000') && url.isWellFormed() && isCallable(url));
  const names = await databaseNames(stored.map((url) => ({ type: 'http', url })));
  const differing = stored
    .map((url, index) => [url, httpDestinationName(url), names[index]])
    .filter(([, ours, theirs]) => ours !== theirs);
  expect(differing).toEqual([]);
}

describe('the destination of an HTTP callback', () => {
  test.each([
    ['https://example.com/hook?a#b', 'https://example.com'],
    ['HTTPS://user:p%40w@EXAMPLE.com:443/a?b', 'https://example.com'],
    ['http://a@b@example.com/', 'http://example.com'],
    ['http://@example.com/', 'http://example.com'],
    ['http://example.com.:8080/', 'http://example.com:8080'],
    ['http://example.com:', 'http://example.com'],
    ['http://example.com.:/', 'http://example.com'],
    ['http://example.com:0080/', 'http://example.com'],
    ['http://example.com:000443?x', 'http://example.com:443'],
    ['https://example.com:80/', 'https://example.com:80'],
    ['http://example.com:00/', 'http://example.com:0'],
    ['http://[::1]:80/', 'http://[::1]'],
    ['http://[FD00::1]:8443/', 'http://[fd00::1]:8443'],
    [' \thttp:\\\\exa\nmple.com\\a', 'http://example.com'],
    ['http:example.com', 'http://example.com'],
    ['http://example.com  ', 'http://example.com'],
    // Spelled as in the URL: the endpoint is another text.
    ['http://b\u00fccher.example/', 'http://b\u00fccher.example'],
    ['http://2130706433/', 'http://2130706433'],
    ['http://%65xample.com/', 'http://%65xample.com'],
  ])('of %j is %s, also in the database', async (url, name) => {
    expect(httpDestinationName(url)).toBe(name);
    await expectSameNames([url]);
  });

  test('is the same in the database for every URL that can be called', async () => {
    const host = fc.oneof(
      fc.constantFrom(...HOSTILE_HOSTS, 'example.com', 'EXAMPLE.com.', 'xn--bcher-kva.example', 'a..', 'a_b'),
      fc.webAuthority(),
      fc.ipV4Extended(),
      fc.ipV6().map((address) => `[${address}]`),
      fc.stringMatching(/^[a-zA-Z0-9.\-_~!$&'()*+,;=%\u00e4\u00df\u0130\u212a\u3002]{1,40}$/),
      fc.string({ unit: 'binary', maxLength: 12 }),
      fc.constantFrom(80, 600).map((length) => `${'a'.repeat(60)}.`.repeat(length / 20)),
    );
    const url = fc
      .tuple(
        fc.constantFrom('', ' ', '\t', '\u0001 '),
        fc.constantFrom('http', 'https', 'HTTP', 'hTTpS', 'ht\ntp'),
        fc.constantFrom('://', ':', ':/', ':///', ':\\\\', ':/\\/'),
        fc.constantFrom('', '', '', '@', 'user@', 'u:p@', 'a@b:c@', ':@', '\u00e9:%40@'),
        host,
        fc.constantFrom('', '', ':', ':80', ':443', ':0', ':00080', ':000', ':65535', ':8080', ':0443'),
        fc.constantFrom('', '/', '/a:80', '?x=@y', '#z@', '\\w', '/@/:443', ' ', '\n', ' \u0002'),
      )
      .map((parts) => parts.join(''));
    await fc.assert(fc.asyncProperty(fc.array(url, { minLength: 200, maxLength: 300 }), expectSameNames), {
      numRuns: 50,
    });
  });

  test('is its endpoint if the host of the URL is spelled as the URL parser prints it', () => {
    fc.assert(
      fc.property(
        fc.oneof(
          fc.webUrl(),
          fc.ipV4().map((address) => `http://${address}:81/`),
          fc.ipV6().map((address) => `https://[${address}]`),
        ),
        (text) => {
          const url = new URL(text);
          expect(httpDestinationName(url.href)).toBe(httpDestinations(url, url.href)(1_000).endpoint);
        },
      ),
    );
  });
});

describe('the destination of a NATS callback', () => {
  test('is its topic, also in the database', async () => {
    const topics = fc
      .sample(fc.string({ unit: 'binary', minLength: 1, maxLength: 1_024 }), 2_000)
      .filter((topic) => natsCallbackSchema.safeParse({ type: 'nats', topic }).success);
    topics.push('orders.due', `long.${'\u{1f600}'.repeat(500)}`);
    expect(await databaseNames(topics.map((topic) => ({ type: 'nats', topic, key: '42' })))).toEqual(
      topics.map(natsDestinationName),
    );
  });
});

test('a name is short enough for an index, whatever its characters', async () => {
  const longest = natsDestinationName('\u{1f600}'.repeat(600));
  expect(Buffer.byteLength(longest)).toBeLessThan(2_000);
  await database.query("INSERT INTO destination_settings (destination, updated_by) VALUES ($1, 'test')", [
    longest,
  ]);
});

test.each([
  {},
  { type: 'http' },
  { type: 'http', url: 5 },
  { type: 'http', url: 'ftp://a' },
  { type: 'nats' },
  [],
  'text',
  null,
])('a callback that cannot be read has no name in the database: %j', async (callback) => {
  expect(await databaseNames([callback as object])).toEqual([null]);
});
