import { describe, expect, test } from '@jest/globals';
import { callbackConfigSchema } from '@timer-platform/callback-types';
import * as v from 'valibot';
import { z } from 'zod';
import { defineCallback, type PayloadOf, type ReceivedPayload } from './define-callback.ts';
import { PayloadError } from './payload-error.ts';
import type { StandardSchema } from './standard-schema.ts';

const http = { type: 'http', url: 'https://shop.example/callbacks' } as const;
const order = z.object({ order: z.string(), due: z.iso.datetime().transform((text) => new Date(text)) });
const valid = { order: '42', due: '2030-01-31T09:00:00Z' };
const paymentDue = defineCallback('payment-due', order, http);

function errorOf(action: () => unknown): Error {
  try {
    action();
  } catch (error) {
    if (error instanceof Error) return error;
  }
  throw new Error('nothing was thrown');
}

describe('a callback for a request', () => {
  test('has the payload as passed, and the name in a header', () => {
    const callback = paymentDue.to(valid);
    expect(callback).toEqual({ ...http, headers: { 'timer-callback': 'payment-due' }, payload: valid });
    expect(callbackConfigSchema.parse(callback)).toEqual(callback);
  });

  test('goes to the destination that its payload selects', () => {
    const shipped = defineCallback('shipped', z.object({ region: z.string() }), ({ region }) => ({
      type: 'nats',
      topic: `shipped.${region}`,
      jetstream: true,
    }));
    const callback = shipped.to({ region: 'eu' }, { key: '42' });
    expect(callback).toEqual({
      type: 'nats',
      topic: 'shipped.eu',
      key: '42',
      jetstream: true,
      headers: { 'timer-callback': 'shipped' },
      payload: { region: 'eu' },
    });
    expect(callbackConfigSchema.parse(callback)).toEqual(callback);
  });

  test('has the overrides of the sender; headers replace those of the same name', () => {
    const definition = defineCallback('a', z.string(), { ...http, headers: { 'X-Shop': '1', Trace: 'a' } });
    const callback = definition.to('b', { headers: { 'x-shop': '2' }, timeout_ms: 500 });
    expect(callback).toMatchObject({
      url: http.url,
      timeout_ms: 500,
      headers: { 'x-shop': '2', Trace: 'a', 'timer-callback': 'a' },
    });
    expect(Object.keys(callback.headers ?? {})).toHaveLength(3);
  });

  test('has no payload if that is undefined, and no members that are undefined', () => {
    expect(defineCallback('tick', z.undefined(), http).to(undefined)).not.toHaveProperty('payload');
    const optional = defineCallback(
      'a',
      z.object({ list: z.array(z.object({ b: z.string().optional() })) }),
      http,
    );
    expect(optional.to({ list: [{ b: undefined }] })).toHaveProperty('payload', { list: [{}] });
  });

  test('is made with an asynchronous schema by toAsync, and to says so', async () => {
    const exists = z.string().refine((id) => Promise.resolve(id === '42'), 'no such order');
    const definition = defineCallback('async', exists, http);
    await expect(definition.toAsync('42')).resolves.toMatchObject({ payload: '42' });
    await expect(definition.toAsync('43')).rejects.toThrow('no such order');
    // zod throws an error of its own; valibot returns a promise.
    const valibot = v.pipeAsync(
      v.string(),
      v.checkAsync((id) => Promise.resolve(id === '42'), 'no such order'),
    );
    const other = defineCallback('async', valibot, http);
    await expect(other.toAsync('43')).rejects.toThrow('no such order');
    expect(() => other.to('42')).toThrow('The schema of callback "async" is asynchronous: call toAsync');
  });
});

describe('an invalid payload', () => {
  test('is refused with all issues and their paths', () => {
    const cart = defineCallback('cart', z.object({ items: z.array(z.object({ price: z.number() })) }), http);
    // @ts-expect-error a string is not a number
    const error = errorOf(() => cart.to({ items: [{ price: 1 }, { price: '2' }, {}] }));
    expect(error).toBeInstanceOf(PayloadError);
    expect(error).toMatchObject({
      callback: 'cart',
      issues: [{ path: 'items.1.price' }, { path: 'items.2.price' }],
    });
    expect(error.message).toContain(
      'The payload of callback "cart" is invalid: items.1.price: Invalid input',
    );
  });

  test('is refused with the paths of valibot, whose segments are objects', () => {
    const cart = defineCallback('cart', v.object({ items: v.array(v.object({ price: v.number() })) }), http);
    // @ts-expect-error a string is not a number
    expect(errorOf(() => cart.to({ items: [{ price: '2' }] }))).toMatchObject({
      issues: [{ path: 'items.0.price' }],
    });
  });

  test.each([
    ['a Date', new Date(0), 'must be a JSON value'],
    ['a bigint', 1n, 'must be a JSON value'],
    ['a Map', new Map(), 'must be a JSON value'],
    ['a number that loses digits', 2 ** 53, 'would lose digits'],
    ['NaN', NaN, 'must be a finite number'],
    ['undefined in an array', [undefined], 'must be a JSON value'],
    ['U+0000', '\u0000', 'U+0000'],
  ])('is refused although the schema accepts it: %s', (_, value, message) => {
    const anything = defineCallback('anything', z.object({ a: z.unknown() }), http);
    const error = errorOf(() => anything.to({ a: value }));
    expect(error).toBeInstanceOf(PayloadError);
    expect(error.message).toContain(`: ${message}`.slice(2));
    expect(error.message).toContain('a');
  });

  test('does not exhaust the stack when it contains itself', () => {
    const loop: Record<string, unknown> = {};
    loop['loop'] = loop;
    expect(errorOf(() => defineCallback('anything', z.unknown(), http).to(loop)).message).toContain(
      'levels deep',
    );
  });

  test('lists at most three issues in its message', () => {
    const many = z.array(z.string());
    // @ts-expect-error numbers are not strings
    const { message } = errorOf(() => defineCallback('many', many, http).to([1, 2, 3, 4, 5]));
    expect(message).toMatch(/2: .*\(and 2 more\)$/);
  });
});

describe('a received payload', () => {
  test('is what the schema makes of the sent one', async () => {
    await expect(paymentDue.parse(valid)).resolves.toEqual({ order: '42', due: new Date(valid.due) });
    await expect(paymentDue.parse({ order: 42 })).rejects.toThrow(PayloadError);
  });
});

describe('a destination', () => {
  const { url } = {} as { url?: string };

  test('without a URL or topic is an error of the sender that names the field; a receiver does not need it', async () => {
    const web = defineCallback('web', z.string(), { type: 'http', url });
    expect(() => web.to('a')).toThrow(
      'Callback "web" has no url: it is undefined in its destination. Is an environment variable missing?',
    );
    await expect(web.parse('a')).resolves.toBe('a');
    const bus = defineCallback('bus', z.string(), { type: 'nats', topic: '' });
    expect(() => bus.to('a')).toThrow('Callback "bus" has no topic: it is empty in its destination');
  });

  test('does not take overrides of another type', () => {
    expect(() => paymentDue.to(valid, { topic: 'orders' })).toThrow(
      'has the type http, which has no topic: override url, headers, timeout_ms',
    );
  });

  test('does not set the header that carries the name', () => {
    expect(() => paymentDue.to(valid, { headers: { 'Timer-Callback': 'other' } })).toThrow(
      'sets the header timer-callback',
    );
  });

  test('of an unknown type is refused', () => {
    // @ts-expect-error no such type
    const definition = defineCallback('mail', z.string(), { type: 'smtp' });
    expect(() => definition.to('a')).toThrow('must have the type http or nats');
  });
});

describe('a definition', () => {
  test.each(['', 'a b', 'a\r\nb', '-a', 'ä', 'a'.repeat(129)])('refuses the name %j', (name) => {
    expect(() => defineCallback(name, z.string(), http)).toThrow('The name of a callback must have 1 to 128');
  });

  test.each(['a', 'payment-due', 'billing/order.due:v2', 'a'.repeat(128)])('accepts the name %j', (name) => {
    expect(defineCallback(name, z.string(), http).to('a').headers).toEqual({ 'timer-callback': name });
  });

  test('refuses a schema that does not implement Standard Schema', () => {
    // @ts-expect-error a JSON Schema is not a validator
    expect(() => defineCallback('a', { type: 'string' }, http)).toThrow('does not implement Standard Schema');
  });

  test('takes a schema that is a function, as those of arktype are', async () => {
    const standard: StandardSchema<string>['~standard'] = {
      version: 1,
      vendor: 'test',
      validate: (value) =>
        typeof value === 'string' ? { value } : { issues: [{ message: 'must be a string' }] },
    };
    const schema: StandardSchema<string> = Object.assign(() => undefined, { '~standard': standard });
    const definition = defineCallback('arktype', schema, http);
    await expect(definition.parse('a')).resolves.toBe('a');
    await expect(definition.parse(1)).rejects.toThrow('is invalid: must be a string');
  });
});

// Compiled by the type check; nothing here needs to run.
describe('types', () => {
  interface Order {
    readonly id: string;
    readonly note?: string;
  }
  const byInterface = defineCallback('order', z.custom<Order>(), http);

  test('senders pass the input of the schema and handlers get its output', () => {
    const sent: PayloadOf<typeof paymentDue> = valid;
    const received: ReceivedPayload<typeof paymentDue> = { order: '42', due: new Date(sent.due) };
    const name: 'payment-due' = paymentDue.name;
    expect([name, received.due.getTime()]).toEqual(['payment-due', Date.parse(valid.due)]);
    // @ts-expect-error the output has a Date
    const wrong: ReceivedPayload<typeof paymentDue> = valid;
    expect(wrong).toBe(valid);
  });

  test('an interface is a payload', () => {
    const payload: Order = { id: '42' };
    expect(byInterface.to(payload)).toHaveProperty('payload', payload);
  });

  test('a wrong payload does not compile', () => {
    const calls = [
      // @ts-expect-error a missing member
      () => byInterface.to({}),
      // @ts-expect-error a member of another type
      () => byInterface.to({ id: 42 }),
      // @ts-expect-error an unknown member
      () => byInterface.to({ id: '42', color: 'red' }),
      // @ts-expect-error undefined is not an absent member
      () => byInterface.to({ id: '42', note: undefined }),
      // @ts-expect-error no payload
      () => byInterface.to(),
      // @ts-expect-error the output of the schema is not its input
      () => paymentDue.to({ order: '42', due: new Date() }),
    ];
    expect(calls).toHaveLength(6);
  });

  test('a schema whose input is not JSON does not compile', () => {
    const definitions = [
      // @ts-expect-error JSON has no Date
      defineCallback('a', z.object({ at: z.date() }), http),
      // @ts-expect-error JSON has no bigint
      defineCallback('a', z.object({ total: z.bigint() }), http),
      // @ts-expect-error a Map, deep inside
      defineCallback('a', z.object({ list: z.array(z.map(z.string(), z.string())) }), http),
      defineCallback('a', z.json(), http),
      defineCallback('a', z.unknown(), http),
      defineCallback('a', z.union([z.object({ a: z.literal(1) }), z.string().brand('id'), z.null()]), http),
      defineCallback('a', v.optional(v.tuple([v.string(), v.number()])), http),
    ];
    expect(definitions).toHaveLength(7);
  });

  test('a destination has the fields of its type', () => {
    // @ts-expect-error a topic belongs to NATS
    defineCallback('a', z.string(), { type: 'http', url: 'https://shop.example/', topic: 'a' });
    const byTopic = ({ topic }: { topic: string }) => ({ type: 'nats', topic }) as const;
    // @ts-expect-error the payload has no member topic
    defineCallback('a', z.object({ a: z.string() }), byTopic);
    expect(paymentDue.destination).toBe(http);
  });
});
