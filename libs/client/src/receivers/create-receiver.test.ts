import { randomUUID } from 'node:crypto';
import { describe, expect, jest, test } from '@jest/globals';
import { z } from 'zod';
import { defineCallback } from '../callbacks/define-callback.ts';
import { PayloadError } from '../callbacks/payload-error.ts';
import { openableGate } from '../testing/openable-gate.ts';
import { OTHER_SECRET, SECRET, signedRequest } from '../testing/signed-request.ts';
import { createReceiver } from './create-receiver.ts';
import { PermanentError, RetryLaterError } from './handler-errors.ts';
import type { ErrorReport } from './report-error.ts';

const destination = { type: 'http', url: 'https://shop.example/callbacks' } as const;
const due = z.object({ order: z.string(), at: z.iso.datetime().transform((text) => new Date(text)) });
const paymentDue = defineCallback('payment-due', due, destination);
const shipped = defineCallback('shipped', z.string(), destination);
const body = JSON.stringify({ order: '42', at: '2030-01-31T09:00:00Z' });

/** A receiver that records its errors instead of logging them. */
function recordingReceiver(secrets: string | readonly string[] = SECRET) {
  const errors: (ErrorReport & { readonly error: unknown })[] = [];
  const onError = (error: unknown, report: ErrorReport) => errors.push({ ...report, error });
  return { errors, receiver: createReceiver({ secrets, onError }) };
}

describe('a callback', () => {
  test('is passed to the handler with what the schema made of its payload, and its context', async () => {
    const handler = jest.fn<(payload: unknown, context: unknown) => void>();
    const { receiver } = recordingReceiver();
    receiver.on(paymentDue, handler).on(shipped, () => undefined);
    const timerId = randomUUID();
    const request = signedRequest({
      id: `${timerId}-3`,
      name: 'payment-due',
      body,
      timestampSeconds: Math.floor(Date.now() / 1_000) - 10,
      headers: { 'Webhook-Attempt': '2', 'X-Shop': 'a' },
    });
    const response = await receiver.handle(request);
    expect(response).toEqual({
      status: 200,
      headers: { 'content-type': 'application/json' },
      body: '{"result":"handled"}',
    });
    expect(handler.mock.calls).toEqual([
      [
        { order: '42', at: new Date('2030-01-31T09:00:00Z') },
        {
          id: `${timerId}-3`,
          timerId,
          name: 'payment-due',
          attempt: 2,
          schedule: undefined,
          timestamp: new Date(Number(request.headers['webhook-timestamp']) * 1_000),
          headers: expect.objectContaining({ 'x-shop': 'a', 'webhook-attempt': '2' }),
          signal: expect.any(AbortSignal),
          transaction: undefined,
        },
      ],
    ]);
  });

  test.each<[Record<string, string>, unknown]>([
    [
      {
        'Timer-Schedule': 'daily',
        'timer-scheduled-for': '2030-01-31T09:00:00.000Z',
        'timer-origin': 'schedule',
      },
      { key: 'daily', scheduledFor: new Date('2030-01-31T09:00:00Z'), origin: 'schedule', missed: 0 },
    ],
    [
      {
        'timer-schedule': 'daily',
        'timer-scheduled-for': '2030-01-31T09:00:00.000Z',
        'timer-origin': 'catch_up',
        'timer-missed': '41',
      },
      { key: 'daily', scheduledFor: new Date('2030-01-31T09:00:00Z'), origin: 'catch_up', missed: 41 },
    ],
    [{ 'timer-schedule': 'daily', 'timer-scheduled-for': 'today', 'timer-origin': 'schedule' }, undefined],
    [{ 'timer-schedule': 'daily', 'timer-origin': 'toString' }, undefined],
  ])('with the headers %j is an occurrence of a schedule, or none', async (headers, schedule) => {
    const handler = jest.fn<(payload: unknown, context: { schedule: unknown }) => void>();
    const { receiver } = recordingReceiver();
    receiver.on(shipped, handler);
    await receiver.handle(signedRequest({ body: '"42"', headers }));
    expect(handler.mock.calls[0]?.[1].schedule).toEqual(schedule);
  });

  test('that was handled is not handled again', async () => {
    const handler = jest.fn();
    const { receiver } = recordingReceiver();
    receiver.on(shipped, handler);
    const request = signedRequest({ body: '"42"' });
    expect(await receiver.handle(request)).toMatchObject({ status: 200, body: '{"result":"handled"}' });
    expect(await receiver.handle(request)).toMatchObject({ status: 200, body: '{"result":"duplicate"}' });
    expect(handler).toHaveBeenCalledTimes(1);
  });

  test('of a timer that was changed meanwhile is another one', async () => {
    const handler = jest.fn();
    const { receiver } = recordingReceiver();
    receiver.on(shipped, handler);
    const id = randomUUID();
    await receiver.handle(signedRequest({ id, body: '"42"' }));
    await receiver.handle(signedRequest({ id: `${id}-1`, body: '"43"' }));
    expect(handler.mock.calls.map(([payload]) => payload)).toEqual(['42', '43']);
  });

  test('that is being handled is to be sent again later, and is not handled at the same time', async () => {
    const { receiver } = recordingReceiver();
    const gate = openableGate();
    const handler = jest.fn(() => gate.opened);
    receiver.on(shipped, handler);
    const request = signedRequest({ body: '"42"' });
    const first = receiver.handle(request);
    expect(await receiver.handle(request)).toMatchObject({
      status: 409,
      headers: { 'retry-after': '5' },
      body: '{"result":"in progress"}',
    });
    gate.open();
    expect(await first).toMatchObject({ status: 200 });
    expect(await receiver.handle(request)).toMatchObject({ body: '{"result":"duplicate"}' });
    expect(handler).toHaveBeenCalledTimes(1);
  });

  test('without a body has the payload undefined or null, whichever the schema accepts', async () => {
    const { receiver } = recordingReceiver();
    const payloads: unknown[] = [];
    const handler = (payload: unknown) => payloads.push(payload);
    receiver
      .on(defineCallback('none', z.undefined(), destination), handler)
      .on(defineCallback('null', z.null(), destination), handler)
      .on(shipped, handler);
    expect(await receiver.handle(signedRequest({ name: 'none' }))).toMatchObject({ status: 200 });
    expect(await receiver.handle(signedRequest({ name: 'null' }))).toMatchObject({ status: 200 });
    expect(await receiver.handle(signedRequest({ name: 'shipped' }))).toMatchObject({ status: 422 });
    expect(payloads).toEqual([undefined, null]);
  });

  test('without a name goes to the only handler there is', async () => {
    const { receiver } = recordingReceiver();
    receiver.on(shipped, () => undefined);
    expect(await receiver.handle(signedRequest({ body: '"42"' }))).toMatchObject({ status: 200 });
    receiver.on(paymentDue, () => undefined);
    expect(await receiver.handle(signedRequest({ body: '"42"' }))).toMatchObject({ status: 404 });
  });
});

describe('a handler that throws', () => {
  test.each([
    ['an error: retried', new Error('database is down'), 500, 'failed', undefined],
    ['no error: retried', 'a text', 500, 'failed', undefined],
    ['PermanentError: final', new PermanentError('no such order'), 410, 'permanent', undefined],
    [
      'RetryLaterError: retried',
      new RetryLaterError('unpaid', { afterSeconds: 59.5 }),
      409,
      'retry later',
      '60',
    ],
    // What a handler throws must not be taken for an invalid payload of this callback.
    ['a PayloadError of another callback', new PayloadError('other', []), 500, 'failed', undefined],
  ])('%s', async (_, thrown, status, reason, retryAfter) => {
    const { errors, receiver } = recordingReceiver();
    const handler = jest.fn(() => {
      throw thrown as Error;
    });
    receiver.on(shipped, handler);
    const request = signedRequest({ name: 'shipped', body: '"42"' });
    const response = await receiver.handle(request);
    expect(response).toMatchObject({ status, body: JSON.stringify({ result: reason }) });
    expect(response.headers['retry-after']).toBe(retryAfter);
    expect(errors).toEqual([{ error: thrown, reason, id: request.headers['webhook-id'], name: 'shipped' }]);
    // The id is not remembered: the next attempt is handled.
    await receiver.handle(request);
    expect(handler).toHaveBeenCalledTimes(2);
  });

  test('the error of its build as CommonJS has another class and the same meaning', async () => {
    const { receiver } = recordingReceiver();
    receiver.on(shipped, () => {
      throw Object.assign(new Error('no such order'), { name: 'PermanentError' });
    });
    expect(await receiver.handle(signedRequest({ body: '"42"' }))).toMatchObject({ status: 410 });
  });

  test('RetryLaterError needs a delay', () => {
    expect(() => new RetryLaterError('later', { afterSeconds: NaN })).toThrow('must be a number, 0 or more');
  });
});

describe('a request is rejected', () => {
  const { errors, receiver } = recordingReceiver();
  const handler = jest.fn();
  receiver.on(shipped, handler);
  const valid = signedRequest({ name: 'shipped', body: '"42"' });
  const hour = 3_600;
  const seconds = Math.floor(Date.now() / 1_000);

  test.each([
    ['another method', { ...valid, method: 'GET' }, 405, undefined],
    ['no signature', { ...valid, headers: { ...valid.headers, 'webhook-signature': '' } }, 401, 'unverified'],
    ['no id', { ...valid, headers: { 'timer-callback': 'shipped' } }, 401, 'unverified'],
    ['a changed body', { ...valid, body: '"43"' }, 401, 'unverified'],
    ['a secret of another service', signedRequest({ body: '"42"', secret: OTHER_SECRET }), 401, 'unverified'],
    [
      'an old timestamp',
      signedRequest({ body: '"42"', timestampSeconds: seconds - hour }),
      401,
      'unverified',
    ],
    [
      'a future timestamp',
      signedRequest({ body: '"42"', timestampSeconds: seconds + hour }),
      401,
      'unverified',
    ],
    ['an id with spaces', signedRequest({ id: 'a b' }), 401, 'unverified'],
    ['an id without end', signedRequest({ id: 'a'.repeat(256) }), 401, 'unverified'],
    ['an unknown name', signedRequest({ name: 'canceled', body: '"42"' }), 404, 'unknown callback'],
    ['the name of a property of objects', signedRequest({ name: 'constructor' }), 404, 'unknown callback'],
    ['an invalid payload', signedRequest({ name: 'shipped', body: '42' }), 422, 'invalid payload'],
    ['a body that is not JSON', signedRequest({ name: 'shipped', body: '{' }), 422, 'invalid payload'],
    ['a body that is too large', { ...valid, body: 'a'.repeat(3 * 1_048_576 + 1) }, 413, 'receiver'],
    [
      'a body that cannot be read',
      { ...valid, body: () => Promise.reject(new Error('gone')) },
      500,
      'receiver',
    ],
  ])('%s', async (_, request, status, reason) => {
    errors.length = 0;
    expect(await receiver.handle(request)).toMatchObject({ status });
    expect(errors.map((error) => error.reason)).toEqual(reason === undefined ? [] : [reason]);
    expect(handler).not.toHaveBeenCalled();
  });

  test('without any of the secrets in a response or an error', async () => {
    errors.length = 0;
    const response = await receiver.handle({ ...valid, body: '"43"' });
    const text = `${JSON.stringify(response)} ${String(errors[0]?.error)}`;
    expect(text).toContain('no matching signature');
    expect(text).not.toContain(SECRET.slice('whsec_'.length, 12));
  });

  test('control: the same request is accepted unchanged', async () => {
    expect(await receiver.handle(valid)).toMatchObject({ status: 200 });
    expect(handler).toHaveBeenCalledTimes(1);
    handler.mockClear();
  });
});

describe('secrets', () => {
  const request = signedRequest({ body: '"42"', secret: OTHER_SECRET });

  test.each([[[SECRET, OTHER_SECRET]], [`${SECRET}, ${OTHER_SECRET}`]])(
    'may be several, during a rotation: %j',
    async (secrets) => {
      const { receiver } = recordingReceiver(secrets);
      receiver.on(shipped, () => undefined);
      expect(await receiver.handle(request)).toMatchObject({ status: 200 });
    },
  );

  test.each([undefined, '', ' , ', []])('must not be missing: %j', (secrets) => {
    expect(() => createReceiver({ secrets })).toThrow('createReceiver needs secrets');
  });

  test.each(['unsigned', 'whsec_', 'whsec_c2hvcnQ=', 'whsec_ä', SECRET.slice(6)])(
    'must be well-formed, and the error does not quote them: %s',
    (malformed) => {
      const create = () => createReceiver({ secrets: [SECRET, malformed] });
      expect(create).toThrow('Secret 2 of 2 must be whsec_ followed by at least 24 bytes in base64');
    },
  );

  test('and acceptUnsigned exclude each other', () => {
    expect(() => createReceiver({ secrets: SECRET, acceptUnsigned: true })).toThrow('exclude each other');
  });

  test('are not needed with acceptUnsigned; an id is', async () => {
    const onError = jest.fn();
    const receiver = createReceiver({ acceptUnsigned: true, onError }).on(shipped, () => undefined);
    const unsigned = { method: 'POST', headers: { 'webhook-id': 'a' }, body: '"42"' };
    expect(await receiver.handle(unsigned)).toMatchObject({ status: 200 });
    expect(await receiver.handle(unsigned)).toMatchObject({ body: '{"result":"duplicate"}' });
    expect(await receiver.handle({ ...unsigned, headers: {} })).toMatchObject({ status: 401 });
  });
});

describe('errors', () => {
  test('of the store are retried', async () => {
    const onError = jest.fn();
    const dedup = { once: () => Promise.reject(new Error('no connection')) };
    const receiver = createReceiver({ secrets: SECRET, dedup, onError }).on(shipped, () => undefined);
    expect(await receiver.handle(signedRequest({ body: '"42"' }))).toMatchObject({ status: 500 });
    expect(onError).toHaveBeenCalledTimes(1);
  });

  test('of onError change nothing', async () => {
    const onError = () => {
      throw new Error('the logger is down');
    };
    const receiver = createReceiver({ secrets: SECRET, onError }).on(shipped, () => undefined);
    expect(await receiver.handle(signedRequest({ body: '42' }))).toMatchObject({ status: 422 });
  });

  test('without onError go to the console, unless a stranger or the handler asked for them', async () => {
    const log = jest.spyOn(console, 'error').mockImplementation(() => undefined);
    const receiver = createReceiver({ secrets: SECRET }).on(shipped, (order) => {
      throw order === 'later' ? new RetryLaterError('later', { afterSeconds: 1 }) : new Error('down');
    });
    const id = randomUUID();
    await receiver.handle(signedRequest({ body: '"42"', secret: OTHER_SECRET }));
    await receiver.handle(signedRequest({ body: '"later"' }));
    expect(log).not.toHaveBeenCalled();
    await receiver.handle(signedRequest({ body: '"42"', id }));
    expect(log.mock.calls).toEqual([[`Timer callback shipped (${id}): failed:`, new Error('down')]]);
    log.mockRestore();
  });
});

describe('handlers', () => {
  test('of several definitions are registered by name, and a missing one does not compile', async () => {
    const { receiver } = recordingReceiver();
    const orders: string[] = [];
    receiver.onEach([paymentDue, shipped], {
      'payment-due': ({ order, at }) => orders.push(`${order} ${at.getFullYear()}`),
      shipped: (order) => orders.push(order),
    });
    await receiver.handle(signedRequest({ name: 'payment-due', body }));
    await receiver.handle(signedRequest({ name: 'shipped', body: '"43"' }));
    expect(orders).toEqual(['42 2030', '43']);
    const other = createReceiver({ secrets: SECRET });
    const incomplete = { shipped: () => 1 };
    // @ts-expect-error the handler of payment-due is missing
    expect(() => other.onEach([paymentDue, shipped], incomplete)).toThrow(
      'The handler of callback "payment-due" is not a function',
    );
  });

  test('get the output of the schema: another type does not compile', () => {
    const { receiver } = recordingReceiver();
    // @ts-expect-error a Date is not a string
    receiver.on(paymentDue, ({ at }: { readonly at: string }) => at);
    expect(() => receiver.on(paymentDue, ({ at }) => at.getTime())).toThrow('has a handler already');
  });
});
