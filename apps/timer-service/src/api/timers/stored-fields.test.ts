import { afterAll, describe, expect, test } from '@jest/globals';
import {
  CALLBACK_TYPES,
  type CallbackConfig,
  callbackConfigSchema,
  type CallbackType,
  type CreateTimerRequest,
  createTimerRequestSchema,
  type Timer,
  type UpdateTimerRequest,
  updateTimerRequestSchema,
} from '@timer-platform/callback-types';
import { startTestApi } from '../testing/test-api.ts';

/** Callbacks with every field of their type. */
const CALLBACKS: Readonly<Record<CallbackType, CallbackConfig>> = {
  http: {
    type: 'http',
    url: 'https://example.com/hook',
    headers: { 'X-Shop': 'a' },
    payload: { order: 42 },
    timeout_ms: 5_000,
  },
  nats: {
    type: 'nats',
    topic: 'orders.due',
    key: '42',
    headers: { Trace: 'a' },
    payload: { order: 42 },
    jetstream: true,
  },
};

const DAY_MS = 86_400_000;

interface Sample {
  readonly value: unknown;
  /** Reads the value back from the response to `GET /timers/:id`. */
  readonly read: (timer: Timer) => unknown;
}

const sampleByField: Readonly<Record<string, Sample>> = {
  execute_at: { value: '2099-01-31T09:00:00.000Z', read: (timer) => timer.execute_at },
  delay: {
    value: '100d',
    read: (timer) => `${Math.round((Date.parse(timer.execute_at) - Date.parse(timer.updated_at)) / DAY_MS)}d`,
  },
  expires_at: { value: '2099-02-01T09:00:00.000Z', read: (timer) => timer.expires_at },
  retry: {
    value: { max_attempts: 3, delays: ['1s', '5m'], give_up_after: '1d' },
    read: (timer) => timer.retry,
  },
  callback: { value: CALLBACKS.nats, read: (timer) => timer.callback },
  metadata: { value: { owner: 'billing' }, read: (timer) => timer.metadata },
  key: { value: 'order-42', read: (timer) => timer.key },
} satisfies Record<keyof (CreateTimerRequest & UpdateTimerRequest), Sample>;

function sampleOf(field: string): Sample {
  const sample = sampleByField[field];
  if (sample === undefined) throw new Error(`add a sample of the field ${field} to this test`);
  return sample;
}

/** A request with every field, except that execute_at and delay are mutually exclusive. */
function requestWith(field: string, fields: readonly string[]): object {
  const excluded = field === 'delay' ? 'execute_at' : 'delay';
  const names = fields.filter((name) => name !== excluded);
  return Object.fromEntries(names.map((name) => [name, sampleOf(name).value]));
}

const api = await startTestApi();
afterAll(() => api.close());

describe('POST /timers', () => {
  const fields = Object.keys(createTimerRequestSchema.shape);

  test.each(fields)('stores the field %s', async (field) => {
    const id = await api.createTimer(requestWith(field, fields));
    const { value, read } = sampleOf(field);
    expect(read(await api.getTimer(id))).toStrictEqual(value);
    // The next test stores a timer with the same key.
    await api.request('DELETE', `/timers/${id}`);
  });

  test.each(CALLBACK_TYPES)('stores every field of a callback of type %s', async (type) => {
    const callback = CALLBACKS[type];
    const variant = callbackConfigSchema.options.find(({ shape }) => shape.type.value === type);
    expect(Object.keys(callback).sort()).toStrictEqual(Object.keys(variant?.shape ?? {}).sort());
    const id = await api.createTimer({ delay: '1d', callback });
    expect((await api.getTimer(id)).callback).toStrictEqual(callback);
  });
});

describe('PUT /timers/:id', () => {
  const fields = Object.keys(updateTimerRequestSchema.shape);

  test.each(fields)('stores the field %s', async (field) => {
    const id = await api.createTimer({ delay: '1d', callback: CALLBACKS.http });
    const { value, read } = sampleOf(field);
    expect(read(await api.getTimer(id))).not.toStrictEqual(value);
    const { status, body } = await api.request('PUT', `/timers/${id}`, requestWith(field, fields));
    expect({ status, body }).toMatchObject({ status: 200 });
    expect(read(await api.getTimer(id))).toStrictEqual(value);
  });
});
