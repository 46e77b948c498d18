import { inspect } from 'node:util';
import { describe, expect, test } from '@jest/globals';
import { ERRORS } from '@timer-platform/callback-types';
import { manualRuntime } from '../testing/manual-runtime.ts';
import { refusal, scriptedFetch, success } from '../testing/scripted-fetch.ts';
import { kindOfCode, TimerError } from './errors.ts';
import type { ClientOptions } from './options.ts';
import type { NewTimer } from './requests.ts';
import { createClient, TimerClient } from './timer-client.ts';

const API_KEY = 'a-secret-that-must-not-appear-anywhere';
const ID = '019ab3c4-6e0f-7c11-9a51-0b2d5f5f3c5e';
const TIMER = { id: ID, status: 'pending' };
const NEW_TIMER: NewTimer = { delay: '15m', callback: { type: 'http', url: 'https://shop.example/' } };

type Script = Parameters<typeof scriptedFetch>;

function clientFor(script: Script, options: Partial<ClientOptions> = {}, runtime = manualRuntime()) {
  const scripted = scriptedFetch(...script);
  const all = { url: 'http://timers.example', apiKey: API_KEY, fetch: scripted.fetch, ...options };
  return { client: new TimerClient(all, runtime), requests: scripted.requests, runtime };
}

async function errorOf(promise: Promise<unknown>) {
  const error: unknown = await promise.then(
    () => undefined,
    (reason: unknown) => reason,
  );
  if (error instanceof TimerError) return error;
  throw new Error(`expected a TimerError, got ${inspect(error)}`);
}

const fetchFailed = (code: string): Error =>
  new TypeError('fetch failed', { cause: Object.assign(new Error('connect'), { code }) });

describe('requests', () => {
  test('have the key, a JSON body, and no redirects', async () => {
    const { client, requests } = clientFor([success(TIMER, 201)], { url: 'http://timers.example/base/' });
    const at = new Date('2030-01-31T09:00:00Z');
    await client.create({ execute_at: at, callback: NEW_TIMER.callback });
    const [{ url, init } = {}] = requests;
    expect(url).toBe('http://timers.example/base/timers');
    expect(init).toMatchObject({
      method: 'POST',
      redirect: 'manual',
      headers: { 'x-api-key': API_KEY, 'content-type': 'application/json', 'idempotency-key': 'id-1' },
    });
    expect(JSON.parse(init?.body ?? '')).toEqual({
      execute_at: '2030-01-31T09:00:00.000Z',
      callback: NEW_TIMER.callback,
    });
  });

  test('of a list carry the filters that are set', async () => {
    const page = { timers: [TIMER], next_cursor: null };
    const { client, requests } = clientFor([success(page)]);
    await client.listPage({ status: 'failed', callback_type: undefined, limit: 7 });
    expect(requests[0]?.url).toBe('http://timers.example/timers?status=failed&limit=7');
  });

  test.each(['', '..', '.', 'retry', `${ID}/run`, `${ID}?a=b`])(
    'are not sent for the id %j, which would lead to another path',
    async (id) => {
      const { client, requests } = clientFor([]);
      const error = await errorOf(client.cancel(id));
      expect(error).toMatchObject({ kind: 'validation', tries: 0, mayHaveSucceeded: false });
      expect(error.issues).toEqual([{ path: 'path.id', message: 'must be a UUID' }]);
      expect(requests).toEqual([]);
    },
  );

  test('are not sent with an invalid Date, which would be null as JSON and clear the field', async () => {
    const { client, requests } = clientFor([]);
    const error = await errorOf(client.update(ID, { expires_at: new Date(NaN) }));
    expect(error.message).toContain('expires_at is an invalid Date');
    expect(requests).toEqual([]);
  });

  test('are not sent with a payload that JSON cannot represent, nor with a key that no header can carry', async () => {
    const { client, requests } = clientFor([]);
    const cyclic: Record<string, unknown> = {};
    cyclic['self'] = cyclic;
    const bad = { ...NEW_TIMER, metadata: cyclic } as unknown as NewTimer;
    expect(await errorOf(client.create(bad))).toMatchObject({ kind: 'validation' });
    const broken = await errorOf(client.create(NEW_TIMER, { idempotencyKey: 'a\nb' }));
    expect(broken.issues[0]?.path).toBe('headers.idempotency-key');
    expect(requests).toEqual([]);
  });
});

describe('a batch', () => {
  test('of more than 1,000 timers is refused with the way out, and none of them is stored', async () => {
    const { client, requests } = clientFor([]);
    const error = await errorOf(client.createMany(Array<NewTimer>(1_001).fill(NEW_TIMER)));
    expect(error.message).toContain(
      'at most 1000 items, got 1001: call createMany for each batch of splitBatches',
    );
    expect(requests).toEqual([]);
  });

  test('without timers needs no request', async () => {
    expect(await clientFor([]).client.createMany([])).toEqual([]);
  });

  test('must have one result per item', async () => {
    const { client } = clientFor([success({ timers: [TIMER] }, 201)]);
    expect(await errorOf(client.createMany([NEW_TIMER, NEW_TIMER]))).toMatchObject({
      kind: 'badResponse',
      mayHaveSucceeded: true,
    });
  });
});

describe('errors', () => {
  test('have the names and codes of the contract', () => {
    for (const [name, { code }] of Object.entries(ERRORS)) expect(kindOfCode(code)).toBe(name);
    expect(kindOfCode(99)).toBe('unknown');
  });

  test('carry what the service says', async () => {
    const issues = [{ path: 'delay', message: 'must be a duration' }];
    const body = {
      message: 'delay: must be a duration',
      errors: issues,
      reason: 'not_pending',
      status: 'executing',
    };
    const error = await errorOf(clientFor([refusal(400, 2, body)]).client.create(NEW_TIMER));
    expect(error).toMatchObject({
      kind: 'validation',
      message: 'POST /timers was refused: delay: must be a duration',
      ...{ code: 2, httpStatus: 400, issues, reason: 'not_pending', timerStatus: 'executing' },
      ...{ tries: 1, mayHaveSucceeded: false },
    });
  });

  test('with a code of a later service are of the kind unknown', async () => {
    const { client } = clientFor([refusal(422, 77, { message: 'too purple' })]);
    expect(await errorOf(client.get(ID))).toMatchObject({ kind: 'unknown', code: 77, httpStatus: 422 });
  });

  test('narrow by kind, and instanceof recognizes another copy of the class', async () => {
    const error = await errorOf(clientFor([refusal(404, 3)]).client.get(ID));
    if (error.kind === 'notFound') expect(error.code satisfies number).toBe(3);
    // @ts-expect-error -- no response, no code
    if (error.kind === 'network') expect(error.code satisfies number).toBe(0);
    const brand = { [Symbol.for('@timer-platform/client/TimerError')]: true };
    expect(brand instanceof TimerError).toBe(true);
    expect(new Error('other') instanceof TimerError).toBe(false);
    expect(inspect(error)).toContain('TimerError');
  });

  test.each([
    [
      'HTML of a proxy',
      () => new Response('<p>Bad gateway</p>', { status: 404, headers: { 'content-type': 'text/html' } }),
    ],
    ['a redirect', () => Response.redirect('https://elsewhere.example/', 302)],
    ['an empty success', () => new Response(null, { status: 204 })],
    ['JSON of something else', () => Response.json({ ok: true })],
    ['a success without a timer', () => success({ hello: 'world' })],
  ])('are badResponse for %s, once, with the status', async (_name, response) => {
    const { client, requests } = clientFor([response()]);
    const error = await errorOf(client.get(ID));
    expect(error.kind).toBe('badResponse');
    expect(error.httpStatus).toBe(response().status);
    expect(requests).toHaveLength(1);
  });

  test('never show the API key', async () => {
    const echo = new Response(`<html>x-api-key: ${API_KEY}</html>`, { status: 400 });
    const { client } = clientFor([fetchFailed('ECONNREFUSED'), refusal(401, 4), echo], { retries: 0 });
    const errors = [
      await errorOf(client.get(ID)),
      await errorOf(client.get(ID)),
      await errorOf(client.get(ID)),
    ];
    const shown =
      inspect([client, ...errors], { depth: 20, showHidden: true }) + errors.map(({ stack }) => stack).join();
    expect(shown).toContain('ECONNREFUSED');
    expect(shown).not.toContain(API_KEY);
    for (const apiKey of ['', `${API_KEY}\n${API_KEY}`, `${API_KEY}é`]) {
      const create = (): unknown => createClient({ url: 'http://timers.example', apiKey });
      expect(create).toThrow('apiKey must');
      expect(create).not.toThrow(API_KEY);
    }
  });

  test.each([
    'timers.example',
    'ftp://timers.example',
    'http://a:b@timers.example',
    'http://timers.example/?a=b',
  ])('say what is wrong with the url %j', (url) => {
    expect(() => createClient({ url, apiKey: API_KEY })).toThrow(/^url must/);
  });
});

describe('a response', () => {
  test('may have new fields and new values', async () => {
    const timer = { ...TIMER, status: 'paused', callback_type: 'smtp', mood: 'good' };
    const { client } = clientFor([success(timer)]);
    expect(await client.get(ID)).toEqual(timer);
  });

  test('that is too large is not read to its end', async () => {
    let sent = 0;
    let canceled = false;
    const body = new ReadableStream({
      pull: (controller) => {
        sent += 2 ** 20;
        controller.enqueue(new Uint8Array(2 ** 20));
      },
      cancel: () => {
        canceled = true;
      },
    });
    const error = await errorOf(clientFor([new Response(body)]).client.get(ID));
    expect(error).toMatchObject({ kind: 'badResponse', httpStatus: 200 });
    expect(canceled).toBe(true);
    expect(sent).toBeLessThan(40 * 2 ** 20);
  });
});

describe('a call', () => {
  test('is repeated after errors that may be transient, with the same Idempotency-Key and a growing random wait', async () => {
    const html = { status: 502, headers: { 'content-type': 'text/html' } };
    const { client, requests, runtime } = clientFor([
      fetchFailed('ECONNRESET'),
      refusal(500, 1),
      new Response('<html>', html),
      success(TIMER, 201),
    ]);
    expect(await client.create(NEW_TIMER)).toEqual(TIMER);
    expect(requests.map(({ init }) => init.headers['idempotency-key'])).toEqual([
      'id-1',
      'id-1',
      'id-1',
      'id-1',
    ]);
    expect(runtime.waits).toEqual([100, 200, 400]);
    await expect(
      clientFor([success(TIMER)]).client.create(NEW_TIMER, { idempotencyKey: 'mine' }),
    ).resolves.toEqual(TIMER);
  });

  test.each([400, 401, 403, 404, 405, 409, 413, 415])('is not repeated after status %d', async (status) => {
    const kind = Object.values(ERRORS).find((error) => error.status === status);
    const { client, requests } = clientFor([refusal(status, kind?.code ?? 0)]);
    expect(await errorOf(client.create(NEW_TIMER))).toMatchObject({ httpStatus: status, tries: 1 });
    expect(requests).toHaveLength(1);
  });

  test('is not repeated when the key is wrong and others were before it', async () => {
    const { client } = clientFor([refusal(429, 8, { reason: 'too_many_wrong_keys' })]);
    expect(await errorOf(client.get(ID))).toMatchObject({ kind: 'rateLimited', tries: 1 });
  });

  test('ends after its retries with the last error, and says how often it was sent', async () => {
    const { client } = clientFor([fetchFailed('ECONNREFUSED'), fetchFailed('ECONNRESET')], { retries: 1 });
    const error = await errorOf(client.create(NEW_TIMER));
    expect(error).toMatchObject({ kind: 'network', tries: 2, mayHaveSucceeded: true });
    expect(error.message).toBe(
      'POST /timers got no complete response from http://timers.example (ECONNRESET); is the timer service running there? (after 2 tries)',
    );
  });

  test('may have succeeded if it was cut once, even if a later try is refused; a read never', async () => {
    const script: Script = [
      fetchFailed('ECONNRESET'),
      refusal(400, 2, { reason: 'not_pending', status: 'executing' }),
    ];
    expect(await errorOf(clientFor(script).client.update(ID, { metadata: 1 }))).toMatchObject({
      reason: 'not_pending',
      mayHaveSucceeded: true,
    });
    const [read] = [clientFor([fetchFailed('ECONNRESET'), refusal(404, 3)])];
    expect(await errorOf(read.client.get(ID))).toMatchObject({ kind: 'notFound', mayHaveSucceeded: false });
    const limited = clientFor([refusal(429, 8), refusal(400, 2)]);
    expect(await errorOf(limited.client.create(NEW_TIMER))).toMatchObject({ mayHaveSucceeded: false });
  });

  test('waits as long as Retry-After says: seconds, or a date', async () => {
    const wallMs = Date.parse('2030-01-31T09:00:00Z');
    const runtime = manualRuntime({ random: 0, wallMs });
    const { client } = clientFor(
      [
        refusal(429, 8, { headers: { 'retry-after': '3' } }),
        refusal(429, 8, { headers: { 'retry-after': 'Thu, 31 Jan 2030 09:00:10 GMT' } }),
        refusal(429, 8, { headers: { 'retry-after': 'soon' } }),
        success(TIMER),
      ],
      {},
      runtime,
    );
    await client.get(ID);
    expect(runtime.waits).toEqual([3_000, 7_000, 0]);
  });

  test('ends at once if the wait would last longer than the deadline', async () => {
    const limited = refusal(429, 8, { headers: { 'retry-after': '3600' } });
    const { client, runtime } = clientFor([limited]);
    expect(await errorOf(client.get(ID))).toMatchObject({
      kind: 'rateLimited',
      retryAfterMs: 3_600_000,
      tries: 1,
    });
    expect(runtime.waits).toEqual([]);
  });

  test('ends at its deadline, whatever is left of the retries', async () => {
    const runtime = manualRuntime({ random: 1 });
    const failing = (): Response => refusal(500, 1);
    const { client } = clientFor(Array<() => Response>(20).fill(failing), { deadlineMs: 5_000 }, runtime);
    expect(await errorOf(client.get(ID))).toMatchObject({ kind: 'internal', tries: 5 });
    expect(runtime.waits).toEqual([200, 400, 800, 1_600]);
  });

  test.each([
    ['timeoutMs', { timeoutMs: 20, deadlineMs: 60_000 }],
    ['deadlineMs', { timeoutMs: 60_000, deadlineMs: 20 }],
  ])('ends when %s has passed, even if fetch ignores its signal', async (_name, limits) => {
    const never = (): Promise<Response> => new Promise(() => undefined);
    const { client } = clientFor([never], { ...limits, retries: 0 });
    const error = await errorOf(client.get(ID));
    expect(error).toMatchObject({ kind: 'timeout', tries: 1 });
    expect(error.message).toContain('no response within 20 ms');
  });

  test('ends at once when its signal is aborted: before it is sent, in flight, and while it waits', async () => {
    const reason = new Error('shutting down');
    const before = clientFor([]);
    expect(
      await errorOf(before.client.create(NEW_TIMER, { signal: AbortSignal.abort(reason) })),
    ).toMatchObject({
      ...{ kind: 'aborted', tries: 0, mayHaveSucceeded: false, cause: reason },
    });

    const inFlight = new AbortController();
    const hang = (): Promise<Response> => {
      queueMicrotask(() => {
        inFlight.abort(reason);
      });
      return new Promise(() => undefined);
    };
    expect(
      await errorOf(clientFor([hang]).client.create(NEW_TIMER, { signal: inFlight.signal })),
    ).toMatchObject({
      ...{ kind: 'aborted', tries: 1, mayHaveSucceeded: true, cause: reason },
    });

    const waiting = new AbortController();
    const limited = (): Response => {
      setImmediate(() => {
        waiting.abort(reason);
      });
      return refusal(429, 8, { headers: { 'retry-after': '30' } });
    };
    const scripted = scriptedFetch(limited);
    const real = createClient({ url: 'http://timers.example', apiKey: API_KEY, fetch: scripted.fetch });
    expect(await errorOf(real.create(NEW_TIMER, { signal: waiting.signal }))).toMatchObject({
      ...{ kind: 'aborted', tries: 1, mayHaveSucceeded: false, cause: reason },
    });
  });

  test.each([
    { timeoutMs: 0 },
    { timeoutMs: 2 ** 31 },
    { deadlineMs: 1.5 },
    { retries: -1 },
    { retries: NaN },
  ])('refuses the limits %j', async (limits) => {
    expect(() => createClient({ url: 'http://timers.example', apiKey: API_KEY, ...limits })).toThrow(
      RangeError,
    );
    await expect(clientFor([]).client.get(ID, limits)).rejects.toThrow(RangeError);
  });
});

describe('a call whose first response was lost', () => {
  const lost = (): Error => fetchFailed('ECONNRESET');
  const tooLate = (reason: string, status: string) => refusal(400, 2, { reason, status });

  test('has canceled the timer if it is canceled on the next try', async () => {
    const { client } = clientFor([lost(), tooLate('not_pending', 'canceled')]);
    expect(await client.cancel(ID)).toEqual({ id: ID, status: 'canceled' });
  });

  test('has not canceled a timer that is executing; without a lost response, canceled is an error too', async () => {
    const { client } = clientFor([lost(), tooLate('not_pending', 'executing')]);
    expect(await errorOf(client.cancel(ID))).toMatchObject({
      reason: 'not_pending',
      timerStatus: 'executing',
    });
    const again = clientFor([tooLate('not_pending', 'canceled')]);
    expect(await errorOf(again.client.cancel(ID))).toMatchObject({
      reason: 'not_pending',
      mayHaveSucceeded: false,
    });
  });

  test.each(['executing', 'completed', 'failed'])(
    'has run the timer if it is %s on the next try',
    async (status) => {
      const { client } = clientFor([lost(), tooLate('not_pending', status), success({ id: ID, status })]);
      expect(await client.run(ID)).toEqual({ id: ID, status });
    },
  );

  test.each(['pending', 'executing', 'completed'])(
    'has retried it if it is %s on the next try',
    async (status) => {
      const { client } = clientFor([lost(), tooLate('not_failed', status), success({ id: ID, status })]);
      expect(await client.retry(ID)).toEqual({ id: ID, status });
    },
  );
});

describe('a key of your own', () => {
  test('is encoded in the path', async () => {
    const { client, requests } = clientFor([
      success(TIMER),
      success(TIMER),
      success({ id: ID, status: 'canceled' }),
    ]);
    expect(await client.putByKey('order/42?', NEW_TIMER)).toEqual(TIMER);
    await client.getByKey('order/42?');
    await client.cancelByKey('order/42?');
    const path = 'http://timers.example/timers/by-key/order%2F42%3F';
    expect(requests.map(({ url, init }) => [init.method, url])).toEqual([
      ['PUT', path],
      ['GET', path],
      ['DELETE', path],
    ]);
  });

  test('is put with an Idempotency-Key, the same with each try', async () => {
    const { client, requests } = clientFor([fetchFailed('ECONNRESET'), success(TIMER), success(TIMER)]);
    await client.putByKey('order-42', NEW_TIMER);
    await client.putByKey('order-42', NEW_TIMER, { idempotencyKey: 'mine' });
    const keys = requests.map(({ init }) => init.headers['idempotency-key']);
    expect(keys).toEqual(['id-1', 'id-1', 'mine']);
  });

  test.each(['', '.', '..', 'a b', 'é', 'a'.repeat(256)])('is not sent if it is %j', async (key) => {
    const { client, requests } = clientFor([]);
    expect((await errorOf(client.cancelByKey(key))).issues[0]?.path).toBe('path.key');
    expect(requests).toEqual([]);
  });

  test('finds the timer that was canceled although the response was lost', async () => {
    const tooLate = refusal(400, 2, { reason: 'not_pending', status: 'canceled' });
    const { client } = clientFor([
      fetchFailed('ECONNRESET'),
      tooLate,
      success({ id: ID, status: 'canceled' }),
    ]);
    expect(await client.cancelByKey('order-42')).toEqual({ id: ID, status: 'canceled' });
  });
});

describe('a list', () => {
  const page = (next: string | null, ...ids: string[]): Response =>
    success({ timers: ids.map((id) => ({ id, status: 'failed' })), next_cursor: next });

  test('goes over all pages, and requests a page only when the loop reaches it', async () => {
    const { client, requests } = clientFor([page('c1', 'a', 'b'), page('c2', 'c'), page(null, 'd')]);
    const ids: string[] = [];
    const counts: number[] = [];
    for await (const { id } of client.list({ status: 'failed' })) {
      ids.push(id);
      counts.push(requests.length);
    }
    expect(ids).toEqual(['a', 'b', 'c', 'd']);
    expect(counts).toEqual([1, 1, 2, 3]);
    expect(requests.map(({ url }) => new URL(url).search)).toEqual([
      '?limit=200&status=failed',
      '?limit=200&status=failed&cursor=c1',
      '?limit=200&status=failed&cursor=c2',
    ]);
  });

  test('can start at a cursor, give whole pages, and be left early', async () => {
    const { client, requests } = clientFor([page('c8', 'a', 'b')]);
    for await (const { timers, next_cursor } of client.list({ cursor: 'c7', limit: 2 }).pages()) {
      expect([timers.length, next_cursor]).toEqual([2, 'c8']);
      break;
    }
    expect(requests.map(({ url }) => new URL(url).search)).toEqual(['?limit=2&cursor=c7']);
  });

  test('ends with an error when a cursor leads nowhere', async () => {
    const { client } = clientFor([page('c1', 'a'), page('c1', 'a')]);
    const collect = async (): Promise<void> => {
      for await (const timer of client.list()) expect(timer.id).toBe('a');
    };
    expect(await errorOf(collect())).toMatchObject({ kind: 'badResponse' });
  });
});
