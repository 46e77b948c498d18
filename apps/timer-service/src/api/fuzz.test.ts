import { once } from 'node:events';
import { connect } from 'node:net';
import { isDeepStrictEqual } from 'node:util';
import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import { afterAll, beforeEach, describe, expect, test } from '@jest/globals';
import { errorResponseSchema } from '@timer-platform/callback-types';
import fc from 'fast-check';
import { z } from 'zod';
import { arbitraryBody, arbitraryRequest, type HostileRequest } from './testing/hostile-request.ts';
import { API_KEY, startTestApi } from './testing/test-api.ts';

/** Requests of each kind. For more: FUZZ_RUNS=10000 npx nx test timer-service */
const RUNS = Number(process.env['FUZZ_RUNS'] ?? 300);

const api = await startTestApi({ env: { FAILED_AUTH_PER_MINUTE: '1000000' } });
const port = Number(new URL(await api.app.listen({ port: 0, host: '127.0.0.1' })).port);
afterAll(() => api.close());
beforeEach(async () => {
  await api.db.rows({ name: 'truncate', text: 'TRUNCATE timers, idempotency_keys CASCADE' });
  api.logged.length = 0;
});

const successSchema = z.strictObject({
  code: z.literal(0),
  message: z.literal('success'),
  data: z.unknown(),
});

function timersIn(data: unknown): number {
  const batch = z.object({ timers: z.array(z.unknown()) }).safeParse(data);
  return batch.success ? batch.data.timers.length : 1;
}

/** Sends a request and checks its response. Returns how many timers it stored according to the response. */
async function send({ method, url, headers, body }: HostileRequest): Promise<number> {
  const response = await api.app.inject({
    method: method as 'GET',
    url,
    headers: { 'x-api-key': API_KEY, ...headers },
    ...(body === undefined ? {} : { payload: body }),
  });
  expect(response.statusCode).toBeLessThan(500);
  if (method === 'HEAD') return 0;
  const json: unknown = JSON.parse(response.payload);
  if (response.statusCode >= 400) {
    errorResponseSchema.strict().parse(json);
    return 0;
  }
  if (url.startsWith('/openapi.json')) return 0;
  const { data } = successSchema.parse(json);
  return response.statusCode === 201 && response.headers['idempotent-replayed'] === undefined
    ? timersIn(data)
    : 0;
}

describe('hostile requests', () => {
  test('valid and invalid bodies are stored or rejected', async () => {
    let reported = 0;
    await fc.assert(
      fc.asyncProperty(arbitraryBody, async (body) => {
        reported += await send({
          method: 'POST',
          url: '/timers',
          headers: { 'content-type': 'application/json' },
          body: JSON.stringify(body),
        });
      }),
      { numRuns: RUNS },
    );
    expect(await api.countTimers()).toBe(reported);
    // Control: some bodies were stored and some were rejected.
    expect(reported).toBeGreaterThan(RUNS / 20);
    expect(reported).toBeLessThan(RUNS);
    expect(api.logged.filter((line) => line.includes('request failed'))).toStrictEqual([]);
  });

  test('any method, path, header and body returns a status below 500', async () => {
    let reported = 0;
    await fc.assert(
      fc.asyncProperty(arbitraryRequest, async (request) => {
        reported += await send(request);
      }),
      { numRuns: RUNS },
    );
    expect(await api.countTimers()).toBe(reported);
    expect(api.logged.filter((line) => line.includes('request failed'))).toStrictEqual([]);
  });

  test('stored timers can be read, listed and updated', async () => {
    await fc.assert(
      fc.asyncProperty(arbitraryBody, async (body) => {
        const created = await api.request('POST', '/timers', body);
        if (created.status !== 201) return;
        const { data } = z.object({ data: z.object({ id: z.string() }) }).parse(created.body);
        const read = await api.request('GET', `/timers/${data.id}`);
        expect(read.status).toBe(200);
        const { callback: stored } = z
          .object({ data: z.object({ callback: z.unknown() }) })
          .parse(read.body).data;
        const { callback } = z.object({ callback: z.unknown() }).parse(JSON.parse(JSON.stringify(body)));
        // Not toStrictEqual, which treats a key named "constructor" as the type of the object.
        expect(isDeepStrictEqual(stored, callback)).toBe(true);
        expect((await api.request('PUT', `/timers/${data.id}`, { callback })).status).toBe(200);
      }),
      { numRuns: Math.min(RUNS, 1_000) },
    );
    expect((await api.request('GET', '/timers?limit=200&sort=execute_at')).status).toBe(200);
  });
});

describe('raw bytes on the socket', () => {
  /** Sends bytes and returns everything that the server sends until the connection is closed. */
  async function exchange(bytes: Uint8Array): Promise<string> {
    const socket = connect(port, '127.0.0.1');
    const chunks: Buffer[] = [];
    socket.on('data', (chunk: Buffer) => chunks.push(chunk));
    socket.on('error', () => undefined);
    socket.end(bytes);
    await once(socket, 'close');
    return Buffer.concat(chunks).toString('latin1');
  }

  const head = `POST /timers HTTP/1.1\r\nHost: a\r\nX-API-Key: ${API_KEY}\r\nContent-Type: application/json\r\n`;
  const nearlyRequest = fc
    .tuple(
      fc.constantFrom(
        head,
        `${head}Content-Length: 5\r\n\r\n{"a":`,
        `${head}Transfer-Encoding: chunked\r\n\r\n`,
        'GET ',
      ),
      fc.uint8Array({ maxLength: 300 }),
    )
    .map(([text, bytes]) => Buffer.concat([Buffer.from(text), bytes]));

  test('get a status below 500 or no response, and the server keeps running', async () => {
    await fc.assert(
      fc.asyncProperty(fc.oneof(fc.uint8Array({ maxLength: 2_000 }), nearlyRequest), async (bytes) => {
        expect(await exchange(bytes)).not.toMatch(/^HTTP\/1\.1 5/);
      }),
      { numRuns: RUNS },
    );
    expect(await api.countTimers()).toBe(0);
    expect((await api.request('GET', '/healthz')).status).toBe(200);
  });

  test.each([
    { name: 'no HTTP', text: 'hello\r\n\r\n', status: 400 },
    { name: 'two lengths', text: `${head}Content-Length: 2\r\nContent-Length: 3\r\n\r\n{}`, status: 400 },
    {
      name: 'a length and chunks',
      text: `${head}Content-Length: 2\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n`,
      status: 400,
    },
    { name: 'a header without end', text: `GET / HTTP/1.1\r\nX: ${'a'.repeat(70_000)}`, status: 431 },
    {
      name: 'a bare line break in a header',
      text: 'GET / HTTP/1.1\r\nHost: a\r\nX: a\nb\r\n\r\n',
      status: 400,
    },
  ])('$name returns $status with an error body', async ({ text, status }) => {
    const [responseHead = '', body = ''] = (await exchange(Buffer.from(text))).split('\r\n\r\n');
    expect(responseHead).toMatch(new RegExp(`^HTTP/1\\.1 ${status} `));
    expect(JSON.parse(body)).toEqual({ code: 2, message: 'malformed HTTP request', data: null });
  });
});

test('memory does not grow with rejected requests', async () => {
  setFlagsFromString('--expose-gc');
  const gc = runInNewContext('gc') as () => void;
  const body = JSON.stringify({ callback: { type: 'http', url: 'x' }, metadata: 'a'.repeat(60_000) });
  const burst = async (): Promise<void> => {
    for (let index = 0; index < 500; index += 1)
      await send({ method: 'POST', url: '/timers', headers: { 'content-type': 'application/json' }, body });
  };
  await burst();
  gc();
  const before = process.memoryUsage().heapUsed;
  await burst();
  await burst();
  gc();
  // Keeping the bodies would take 60 MB: a thousand of 60 KB.
  expect(process.memoryUsage().heapUsed - before).toBeLessThan(40_000_000);
});
