import { randomUUID } from 'node:crypto';
import { afterEach, describe, expect, test } from '@jest/globals';
import { CALLBACK_TYPES, type CallbackType, type HeaderMap } from '@timer-platform/callback-types';
import fc from 'fast-check';
import { type Attempt, type AttemptOptions, startAttempt } from './testing/attempt.ts';
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
  kind: 'withdrawn',
  cause: 'stopping',
  reason: 'aborted: the service is stopping',
};

interface Message extends AttemptOptions {
  readonly headers?: HeaderMap;
}

/** Every attempt of the current test. */
const attempts: Attempt[] = [];

function start<Type extends CallbackType>(
  environment: TransportEnvironment<Type>,
  { headers = {}, ...options }: Message = {},
): Attempt {
  const attempt = startAttempt(environment.transport, environment.callback(headers), {
    payload: '{}',
    ...options,
  });
  attempts.push(attempt);
  return attempt;
}

function send<Type extends CallbackType>(
  environment: TransportEnvironment<Type>,
  message: Message = {},
): Promise<Outcome> {
  return start(environment, message).outcome;
}

const environments: { stop(): Promise<void> }[] = [];

afterEach(async () => {
  for (const environment of environments.splice(0)) await environment.stop();
  // Each attempt has ended exactly once, even after its transport was closed.
  for (const { outcomes } of attempts.splice(0)) expect(outcomes).toHaveLength(1);
});

/** The cases of every transport, even one that cannot deliver. */
function describeTransport<Type extends CallbackType>(
  startEnvironment: () => Promise<TransportEnvironment<Type>>,
): void {
  test('send never throws and ends once, for any headers and payload', async () => {
    const environment = await startEnvironment();
    const text = fc.string({ unit: 'binary' });
    const message = fc.record({
      headers: fc.dictionary(fc.oneof(text, fc.constantFrom('X-Trace', 'x-trace')), text),
      payload: fc.option(fc.json()),
    });
    await fc.assert(
      fc.asyncProperty(message, async (given) => {
        const { kind } = await send(environment, given);
        expect(['delivered', 'retryable', 'permanent', 'withdrawn']).toContain(kind);
      }),
    );
  });

  test('close is idempotent', async () => {
    const { transport } = await startEnvironment();
    await Promise.all([transport.close(), transport.close()]);
    await expect(transport.close()).resolves.toBeUndefined();
  });

  test('send after close ends as stopping and does not start', async () => {
    const environment = await startEnvironment();
    await environment.transport.close();
    const attempt = start(environment);
    expect(await attempt.outcome).toEqual(STOPPED);
    expect(attempt.starts).toBe(0);
  });

  test('destinationOf depends on the callback alone', async () => {
    const environment = await startEnvironment();
    const { transport } = environment;
    const callback = environment.callback();
    const destination = transport.destinationOf(callback);
    expect(destination.endpoint).not.toBe('');
    expect(destination.route.startsWith(destination.endpoint)).toBe(true);
    await send(environment);
    expect(transport.destinationOf(structuredClone(callback))).toEqual(destination);
    await environment.disconnect();
    await transport.close();
    expect(transport.destinationOf(callback)).toEqual(destination);
  });
}

/** The cases of a transport that cannot deliver. */
function describeWithdrawal<Type extends CallbackType>(
  startEnvironment: () => Promise<TransportEnvironment<Type>>,
): void {
  test('withdraws every attempt without starting it', async () => {
    const attempt = start(await startEnvironment());
    expect(await attempt.outcome).toMatchObject({ kind: 'withdrawn', cause: 'undeliverable' });
    expect(attempt.starts).toBe(0);
  });
}

/** The cases of a transport that can deliver. */
function describeDelivery<Type extends CallbackType>(
  startEnvironment: (timeoutMs: number) => Promise<ReceivingEnvironment<Type>>,
): void {
  test('delivers the payload byte for byte', async () => {
    const environment = await startEnvironment(TIMEOUT_MS);
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
    const environment = await startEnvironment(TIMEOUT_MS);
    expect(await send(environment, { payload: null })).toMatchObject({ kind: 'delivered' });
    const [delivery] = await environment.received(1);
    expect(delivery?.body).toHaveLength(0);
  });

  test('delivers the headers of the callback', async () => {
    const environment = await startEnvironment(TIMEOUT_MS);
    const headers = { 'X-Trace': 'a b;c="d", e', 'x-lower': '1', Authorization: 'Bearer abc' };
    expect(await send(environment, { headers })).toMatchObject({ kind: 'delivered' });
    const [delivery] = await environment.received(1);
    for (const [name, value] of Object.entries(headers)) expect(delivery?.header(name)).toBe(value);
    expect(delivery?.header('X-Absent')).toBeUndefined();
  });

  test('sends the message id of each attempt', async () => {
    const environment = await startEnvironment(TIMEOUT_MS);
    const [messageId, other] = [randomUUID(), randomUUID()];
    for (const id of [messageId, messageId, other, messageId])
      expect(await send(environment, { messageId: id })).toMatchObject({ kind: 'delivered' });
    const received = await environment.received(4);
    expect(received.map((delivery) => delivery.messageId)).toEqual([messageId, messageId, other, messageId]);
  });

  test('calls mayStart once, and before the outcome', async () => {
    const environment = await startEnvironment(TIMEOUT_MS);
    const events: string[] = [];
    const attempt = start(environment, {
      mayStart: () => {
        events.push('start');
        return true;
      },
    });
    await attempt.outcome;
    events.push('end');
    expect(events).toEqual(['start', 'end']);
  });

  test('sends no message if mayStart returns false', async () => {
    const environment = await startEnvironment(TIMEOUT_MS);
    expect(await send(environment, { mayStart: () => false })).toEqual({
      kind: 'withdrawn',
      cause: 'refused',
      reason: 'not started',
    });
    await send(environment, { messageId: 'marker' });
    const received = await environment.received(1);
    expect(received.map(({ messageId }) => messageId)).toEqual(['marker']);
  });

  test('a destination that cannot be reached is an unavailable endpoint, and no message starts', async () => {
    const environment = await startEnvironment(TIMEOUT_MS);
    await environment.disconnect();
    for (let n = 0; n < 3; n += 1)
      expect(await send(environment)).toMatchObject({ kind: 'retryable', unavailable: 'endpoint' });
  });

  test('without a response an attempt is retryable after its timeout', async () => {
    const environment = await startEnvironment(SHORT_TIMEOUT_MS);
    environment.stall();
    const startedMs = performance.now();
    expect(await send(environment)).toMatchObject({
      kind: 'retryable',
      unavailable: environment.unavailableWithoutResponse,
    });
    const elapsedMs = performance.now() - startedMs;
    // Node.js timers may fire up to 1 ms early.
    expect(elapsedMs).toBeGreaterThan(SHORT_TIMEOUT_MS - 2);
    expect(elapsedMs).toBeLessThan(SHORT_TIMEOUT_MS + TOLERANCE_MS);
  });

  test('close ends attempts under way as stopping', async () => {
    const environment = await startEnvironment(TIMEOUT_MS);
    environment.stall();
    const attempt = start(environment);
    await environment.attemptStalled();
    const closed = environment.transport.close();
    expect(await attempt.outcome).toEqual(STOPPED);
    await closed;
  });

  test('close ends attempts as stopping that have not started', async () => {
    const environment = await startEnvironment(TIMEOUT_MS);
    environment.stall();
    const outcomes = Array.from({ length: 10 }, () => send(environment));
    await environment.transport.close();
    expect(await Promise.all(outcomes)).toEqual(Array.from({ length: 10 }, () => STOPPED));
  });

  test('a delivery that starts another one when it ends is delivered, and so is the other', async () => {
    const environment = await startEnvironment(TIMEOUT_MS);
    const chained = new Promise<Outcome[]>((resolve) => {
      const outcomes: Outcome[] = [];
      const next = () => {
        environment.transport.send({
          messageId: randomUUID(),
          attemptNumber: 1,
          callback: environment.callback(),
          payload: '{}',
          startedMs: 0,
          mayStart: () => true,
          ended: (outcome) => {
            outcomes.push(outcome);
            if (outcomes.length < 50) next();
            else if (outcomes.length === 59) resolve(outcomes);
          },
        });
      };
      for (let n = 0; n < 10; n += 1) next();
    });
    expect((await chained).map(({ kind }) => kind)).toEqual(Array.from({ length: 59 }, () => 'delivered'));
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
      describeWithdrawal(() => started(variant.start()));
    }
  });
}

for (const type of CALLBACK_TYPES) describeType(type, variants[type]);

test('a callback type without a variant does not compile', () => {
  // @ts-expect-error nats is missing
  const incomplete: Variants = { http: variants.http };
  expect(Object.keys(incomplete)).toEqual(['http']);
});
