import { createServer, request as httpRequest } from 'node:http';
import { setImmediate } from 'node:timers/promises';
import { afterEach, describe, expect, jest, test } from '@jest/globals';
import express from 'express';
import fastify from 'fastify';
import { z } from 'zod';
import { defineCallback } from '../callbacks/define-callback.ts';
import { HTTP_LIBRARIES } from '../testing/http-libraries.ts';
import { closeServer, listen } from '../testing/listen.ts';
import { openableGate } from '../testing/openable-gate.ts';
import { SECRET, signedRequest } from '../testing/signed-request.ts';
import { createReceiver } from './create-receiver.ts';
import { expressHandler } from './express.ts';
import { fastifyPlugin } from './fastify.ts';
import { nodeListener } from './node.ts';

const order = defineCallback('order', z.object({ text: z.string() }), {
  type: 'http',
  url: 'http://shop.example/',
});
/** Signed byte by byte: no parser writes it like this. */
const body = '{ "text":"\\u00e4 ä",\n"other" : 1.0 }';

const closing: (() => Promise<unknown>)[] = [];
afterEach(async () => {
  await Promise.all(closing.splice(0).map((close) => close()));
});

function orderReceiver(options: { readonly maxBodyBytes?: number; readonly bodyTimeoutMs?: number } = {}) {
  const handler = jest.fn<(payload: unknown) => void>();
  const onError = jest.fn<(error: unknown) => void>();
  const receiver = createReceiver({ secrets: SECRET, onError, ...options }).on(order, handler);
  return { handler, onError, receiver };
}

async function start(server: ReturnType<typeof createServer>): Promise<string> {
  closing.push(() => closeServer(server));
  return `${await listen(server)}/callbacks`;
}

describe.each(HTTP_LIBRARIES)('%s', (_, serverOf) => {
  test('passes the body on as it was signed, and the response back', async () => {
    const { handler, receiver } = orderReceiver();
    const url = await start(await serverOf(receiver));
    const request = signedRequest({ body });
    const first = await fetch(url, request);
    expect([first.status, await first.json()]).toEqual([200, { result: 'handled' }]);
    const second = await fetch(url, request);
    expect([second.status, await second.json()]).toEqual([200, { result: 'duplicate' }]);
    expect(handler.mock.calls.map(([payload]) => payload)).toEqual([{ text: 'ä ä' }]);
    expect((await fetch(url, { ...request, body: request.body.replace('1.0', '1') })).status).toBe(401);
  });

  test('accepts a request without a body, and one without a content type', async () => {
    const { handler, receiver } = orderReceiver();
    receiver.on(defineCallback('tick', z.null(), { type: 'http', url: 'http://shop.example/' }), handler);
    const url = await start(await serverOf(receiver));
    const { headers, method } = signedRequest({ name: 'tick' });
    expect((await fetch(url, { method, headers })).status).toBe(200);
    const bytes = signedRequest({
      name: 'order',
      body,
      headers: { 'content-type': 'application/octet-stream' },
    });
    expect((await fetch(url, bytes)).status).toBe(200);
    expect(handler).toHaveBeenCalledTimes(2);
  });

  test('rejects a body that is too large', async () => {
    const { handler, receiver } = orderReceiver({ maxBodyBytes: 100 });
    const url = await start(await serverOf(receiver));
    const large = signedRequest({ body: JSON.stringify({ text: 'a'.repeat(100) }) });
    expect((await fetch(url, large)).status).toBe(413);
    expect((await fetch(url, signedRequest({ body }))).status).toBe(200);
    expect(handler).toHaveBeenCalledTimes(1);
  });
});

describe('node:http', () => {
  test('ends a request whose body does not arrive', async () => {
    const { receiver } = orderReceiver({ bodyTimeoutMs: 50 });
    const url = await start(createServer(nodeListener(receiver)));
    const { headers } = signedRequest({ body });
    const status = await new Promise((resolve, reject) => {
      const request = httpRequest(url, { method: 'POST', headers: { ...headers, 'content-length': '10' } });
      request.once('error', reject).once('response', ({ statusCode }) => {
        resolve(statusCode);
      });
      request.write('{');
    });
    expect(status).toBe(408);
  });

  test('aborts the signal of a handler when the sender closes the connection', async () => {
    const { receiver } = orderReceiver();
    const entered = openableGate();
    const aborted = openableGate();
    receiver.on(
      defineCallback('slow', z.string(), { type: 'http', url: 'http://shop.example/' }),
      (_, { signal }) => {
        signal.addEventListener('abort', () => {
          aborted.open();
        });
        entered.open();
        return aborted.opened;
      },
    );
    const url = await start(createServer(nodeListener(receiver)));
    const sender = new AbortController();
    const request = fetch(url, { ...signedRequest({ name: 'slow', body: '"a"' }), signal: sender.signal });
    await entered.opened;
    sender.abort();
    await expect(request).rejects.toThrow('aborted');
    await aborted.opened;
  });

  test('does not abort the signal of a handler that has responded', async () => {
    const { receiver } = orderReceiver();
    const signals: AbortSignal[] = [];
    receiver.on(
      defineCallback('fast', z.string(), { type: 'http', url: 'http://shop.example/' }),
      (_, { signal }) => signals.push(signal),
    );
    const url = await start(createServer(nodeListener(receiver)));
    await fetch(url, signedRequest({ name: 'fast', body: '"a"', headers: { connection: 'close' } }));
    await setImmediate();
    expect(signals.map(({ aborted }) => aborted)).toEqual([false]);
  });
});

describe('web requests', () => {
  test('whose body was read are an error of this side', async () => {
    const { onError, receiver } = orderReceiver();
    const request = new Request('http://shop.example/', signedRequest({ body }));
    await request.text();
    expect((await receiver.fetch(request)).status).toBe(500);
    expect(String(onError.mock.calls[0]?.[0])).toContain('The body was already read and parsed');
  });

  test('whose body ends early are rejected', async () => {
    const { receiver } = orderReceiver();
    const broken = new ReadableStream({
      pull: (controller) => {
        controller.error(new Error('connection reset'));
      },
    });
    const request = new Request('http://shop.example/', {
      ...signedRequest({ body }),
      body: broken,
      duplex: 'half',
    });
    expect((await receiver.fetch(request)).status).toBe(400);
  });
});

describe('express', () => {
  test('with express.json() before it passes on an error that says what to do', async () => {
    const { handler, receiver } = orderReceiver();
    const app = express();
    app.use(express.json());
    app.post('/callbacks', expressHandler(receiver));
    const url = await start(createServer(app));
    const response = await fetch(url, signedRequest({ body }));
    expect(response.status).toBe(500);
    // Written by Express's own error handler.
    expect(await response.text()).toContain(
      'register the receiver before body parsers such as express.json()',
    );
    expect(handler).not.toHaveBeenCalled();
  });

  test.each([
    ['express.raw()', express.raw({ type: '*/*' })],
    ['express.text()', express.text({ type: '*/*' })],
  ])('works with %s before it, which keeps the bytes', async (_, parser) => {
    const { handler, receiver } = orderReceiver();
    const app = express();
    app.use(parser);
    app.post('/callbacks', expressHandler(receiver));
    const url = await start(createServer(app));
    expect((await fetch(url, signedRequest({ body }))).status).toBe(200);
    expect(handler).toHaveBeenCalledTimes(1);
  });
});

describe('fastify', () => {
  test('keeps the body parsers of other routes', async () => {
    const { receiver } = orderReceiver();
    const app = fastify();
    closing.push(() => app.close());
    await app.register(fastifyPlugin(receiver), { prefix: '/callbacks' });
    app.post('/other', ({ body: parsed }) => ({ parsed }));
    const other = await app.inject({ method: 'POST', url: '/other', payload: { a: 1 } });
    expect(other.json()).toEqual({ parsed: { a: 1 } });
    const callback = await app.inject({
      ...signedRequest({ body }),
      method: 'POST',
      url: '/callbacks',
      payload: body,
    });
    expect(callback.statusCode).toBe(200);
  });
});
