import { randomUUID } from 'node:crypto';
import { afterEach, describe, expect, test } from '@jest/globals';
import { CALLBACK_TYPES, type CallbackType, type HeaderMap } from '@timer-platform/callback-types';
import fc from 'fast-check';
import { startHttpEnvironment } from './testing/http-environment.ts';
import { startNatsEnvironment, unconfiguredNatsEnvironment } from './testing/nats-environment.ts';
import type { ReceivingEnvironment, TransportEnvironment } from './testing/transport-environment.ts';
import type { Outcome, Transports } from './transport.ts';

/** One way to use the transport of a type. `timeoutMs` bounds an attempt. */
type Variant<Type extends CallbackType> =
  | { readonly delivers: true; start(timeoutMs: number): Promise<ReceivingEnvironment<Type>> }
  | { readonly delivers: false; start(): Promise<TransportEnvironment<Type>> };

/** The variants of every transport, by name: a callback type without one does not compile. */
type Variants = { readonly [Type in keyof Transports]: Readonly<Record<string, Variant<Type>>> };

const variants: Variants = {
  http: {
    requests: { delivers: true, start: startHttpEnvironment },
  },
  nats: {
    'core messages': {
      delivers: true,
      start: (timeoutMs) => startNatsEnvironment({ jetstream: false, timeoutMs }),
    },
    'stream messages': {
      delivers: true,
      start: (timeoutMs) => startNatsEnvironment({ jetstream: true, timeoutMs }),
    },
    'not configured': {
      delivers: false,
      start: () => Promise.resolve(unconfiguredNatsEnvironment()),
    },
  },
};

/** Long enough for a busy machine. */
const TIMEOUT_MS = 20_000;
const SHORT_TIMEOUT_MS = 500;
/** How much later than its timeout an attempt may end on a busy machine; less than the default timeouts. */
const TOLERANCE_MS = 5_000;

const STOPPED: Outcome = {
  kind: 'retryable',
  reason: 'aborted: the service is stopping',
  statusCode: null,
  retryAfterMs: null,
  unreachable: false,
};

interface Message {
  readonly headers?: HeaderMap;
  readonly payload?: string | null;
  readonly timerId?: string;
}

function send<Type extends CallbackType>(
  environment: TransportEnvironment<Type>,
  { headers = {}, payload = '{}', timerId = randomUUID() }: Message = {},
): Promise<Outcome> {
  return environment.transport.send({ timerId, callback: environment.callback(headers), payload });
}

const environments: { stop(): Promise<void> }[] = [];

afterEach(async () => {
  for (const environment of environments.splice(0)) await environment.stop();
});

/** The cases of every transport, even one that cannot deliver. */
function describeTransport<Type extends CallbackType>(
  start: () => Promise<TransportEnvironment<Type>>,
): void {
  test('send never rejects, for any headers and payload', async () => {
    const environment = await start();
    const text = fc.string({ unit: 'binary' });
    const message = fc.record({
      headers: fc.dictionary(fc.oneof(text, fc.constantFrom('X-Trace', 'x-trace')), text),
      payload: fc.option(fc.json()),
    });
    await fc.assert(
      fc.asyncProperty(message, async (given) => {
        expect(['delivered', 'retryable', 'permanent']).toContain((await send(environment, given)).kind);
      }),
    );
  });

  test('an unreachable destination is retryable and unreachable', async () => {
    const environment = await start();
    await environment.disconnect();
    for (let n = 0; n < 3; n += 1)
      expect(await send(environment)).toMatchObject({ kind: 'retryable', unreachable: true });
  });

  test('close is idempotent', async () => {
    const { transport } = await start();
    await Promise.all([transport.close(), transport.close()]);
    await expect(transport.close()).resolves.toBeUndefined();
  });

  test('send after close is retryable', async () => {
    const environment = await start();
    await environment.transport.close();
    expect(await send(environment)).toMatchObject({ kind: 'retryable' });
  });

  test('destinationOf depends on the callback alone', async () => {
    const environment = await start();
    const { transport } = environment;
    const callback = environment.callback();
    const destination = transport.destinationOf(callback);
    expect(destination).not.toBe('');
    await send(environment);
    expect(transport.destinationOf(structuredClone(callback))).toBe(destination);
    await environment.disconnect();
    await transport.close();
    expect(transport.destinationOf(callback)).toBe(destination);
  });
}

/** The cases of a transport that can deliver. */
function describeDelivery<Type extends CallbackType>(
  start: (timeoutMs: number) => Promise<ReceivingEnvironment<Type>>,
): void {
  test('delivers the payload byte for byte', async () => {
    const environment = await start(TIMEOUT_MS);
    const payloads = [
      '{"b": 1,  "a":"Grüße \\u0041 🎈"}',
      ' [1,\n\t12345678901234567890.50] ',
      '"\\u0000\\ud800"',
      '""',
      'null',
      JSON.stringify('x'.repeat(500_000)),
    ];
    for (const payload of payloads)
      expect(await send(environment, { payload })).toMatchObject({ kind: 'delivered' });
    const received = await environment.received(payloads.length);
    const latin1 = (bytes: Uint8Array) => Buffer.from(bytes).toString('latin1');
    expect(received.map(({ body }) => latin1(body))).toEqual(
      payloads.map((payload) => latin1(Buffer.from(payload))),
    );
  });

  test('sends no body if the payload is null', async () => {
    const environment = await start(TIMEOUT_MS);
    expect(await send(environment, { payload: null })).toMatchObject({ kind: 'delivered' });
    const [delivery] = await environment.received(1);
    expect(delivery?.body).toHaveLength(0);
  });

  test('delivers the headers of the callback', async () => {
    const environment = await start(TIMEOUT_MS);
    const headers = { 'X-Trace': 'a b;c="d", e', 'x-lower': '1', Authorization: 'Bearer abc' };
    expect(await send(environment, { headers })).toMatchObject({ kind: 'delivered' });
    const [delivery] = await environment.received(1);
    for (const [name, value] of Object.entries(headers)) expect(delivery?.header(name)).toBe(value);
    expect(delivery?.header('X-Absent')).toBeUndefined();
  });

  test('sends the same timer id on every attempt', async () => {
    const environment = await start(TIMEOUT_MS);
    const [timerId, other] = [randomUUID(), randomUUID()];
    for (const id of [timerId, timerId, other, timerId])
      expect(await send(environment, { timerId: id })).toMatchObject({ kind: 'delivered' });
    const received = await environment.received(4);
    expect(received.map((delivery) => delivery.timerId)).toEqual([timerId, timerId, other, timerId]);
  });

  test('without a response an attempt is retryable and unreachable after its timeout', async () => {
    const environment = await start(SHORT_TIMEOUT_MS);
    environment.stall();
    const startedMs = performance.now();
    expect(await send(environment)).toMatchObject({ kind: 'retryable', unreachable: true });
    const elapsedMs = performance.now() - startedMs;
    // Node.js timers may fire up to 1 ms early.
    expect(elapsedMs).toBeGreaterThan(SHORT_TIMEOUT_MS - 2);
    expect(elapsedMs).toBeLessThan(SHORT_TIMEOUT_MS + TOLERANCE_MS);
  });

  test('close ends attempts under way as retryable, and none starts later', async () => {
    const environment = await start(TIMEOUT_MS);
    environment.stall();
    const attempt = send(environment);
    await environment.attemptStalled();
    await environment.transport.close();
    expect(await attempt).toEqual(STOPPED);
    expect(await send(environment)).toEqual(STOPPED);
  });
}

function describeType<Type extends CallbackType>(type: Type, typeVariants: Variants[Type]): void {
  describe.each(Object.entries<Variant<Type>>(typeVariants))(`${type} %s`, (_, variant) => {
    async function started<Environment extends TransportEnvironment<Type>>(
      starting: Promise<Environment>,
    ): Promise<Environment> {
      const environment = await starting;
      environments.push(environment);
      return environment;
    }

    if (variant.delivers) {
      describeTransport(() => started(variant.start(TIMEOUT_MS)));
      describeDelivery((timeoutMs) => started(variant.start(timeoutMs)));
    } else {
      describeTransport(() => started(variant.start()));
    }
  });
}

for (const type of CALLBACK_TYPES) describeType(type, variants[type]);

test('a callback type without a variant does not compile', () => {
  // @ts-expect-error nats is missing
  const incomplete: Variants = { http: variants.http };
  expect(Object.keys(incomplete)).toEqual(['http']);
});
