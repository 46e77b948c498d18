import type { ServerResponse } from 'node:http';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, afterEach, beforeAll, describe, expect, test } from '@jest/globals';
import type { CallbackConfig } from '@timer-platform/callback-types';
import { startTimerService, type TimerServiceProcess } from '@timer-platform/test-support';
import { withTestDatabase } from '@timer-platform/test-support/jest';
import { z } from 'zod';
import { defineCallback } from '../callbacks/define-callback.ts';
import { HTTP_LIBRARIES } from '../testing/http-libraries.ts';
import { closeServer, listen } from '../testing/listen.ts';
import { OTHER_SECRET, SECRET } from '../testing/signed-request.ts';
import type { CallbackContext } from './callback-handler.ts';
import { createReceiver } from './create-receiver.ts';
import { PermanentError, RetryLaterError } from './handler-errors.ts';

let service: TimerServiceProcess;
afterAll(() => service.stop());
const database = withTestDatabase();
beforeAll(async () => {
  const env = { SIGNING_SECRETS: `${OTHER_SECRET},${SECRET}` };
  service = await startTimerService({ databaseUrl: database.url, env });
});

const closing: (() => Promise<unknown>)[] = [];
afterEach(async () => {
  await Promise.all(closing.splice(0).map((close) => close()));
});

const order = z.object({ url: z.url(), order: z.string() });
const paymentDue = defineCallback('payment-due', order, ({ url }) => ({ type: 'http', url }));
const shipped = defineCallback('shipped', order, ({ url }) => ({ type: 'http', url }));

async function call<Data>(path: string, init: RequestInit = {}): Promise<Data> {
  const headers = { 'x-api-key': service.apiKey, 'content-type': 'application/json' };
  const response = await fetch(`${service.url}/timers${path}`, { ...init, headers });
  return ((await response.json()) as { readonly data: Data }).data;
}

async function createTimer(callback: CallbackConfig): Promise<string> {
  const body = JSON.stringify({ delay: '1ms', callback, retry: { max_attempts: 4, delays: ['20ms'] } });
  return (await call<{ readonly id: string }>('', { method: 'POST', body })).id;
}

interface Attempt {
  readonly outcome: 'delivered' | 'failed';
  readonly status_code: number | null;
  readonly started_at: string;
}

async function attemptsOf(id: string): Promise<readonly Attempt[]> {
  return (await call<{ readonly attempts: readonly Attempt[] }>(`/${id}/attempts`)).attempts;
}

/** Waits until the timer is completed or failed. Returns its status and how its attempts ended. */
async function endOf(id: string): Promise<readonly unknown[]> {
  for (;;) {
    const { status } = await call<{ readonly status: string }>(`/${id}`);
    if (status === 'completed' || status === 'failed') {
      const attempts = await attemptsOf(id);
      return [
        status,
        ...attempts.map(({ outcome, status_code }) => (outcome === 'failed' ? status_code : outcome)),
      ];
    }
    await sleep(20);
  }
}

/** Closes the connection in place of the first response, so that the service cannot know that the callback was handled. */
function loseFirstResponse(): (response: ServerResponse) => void {
  let isLost = false;
  return (response) => {
    if (isLost) return;
    isLost = true;
    response.end = () => response.destroy();
  };
}

describe.each(HTTP_LIBRARIES)('with %s', (_, serverOf) => {
  async function start() {
    const handled: (readonly [string, CallbackContext])[] = [];
    const receiver = createReceiver({ secrets: SECRET, onError: () => undefined });
    const server = await serverOf(receiver);
    closing.push(() => closeServer(server));
    return { handled, receiver, server, url: `${await listen(server)}/callbacks` };
  }

  test('a delivery that fails is retried, and the timer is completed', async () => {
    const { handled, receiver, url } = await start();
    receiver.on(shipped, () => undefined);
    receiver.on(paymentDue, (payload, context) => {
      handled.push([payload.order, context]);
      if (handled.length === 1) throw new Error('the database is down');
    });
    const id = await createTimer(paymentDue.to({ url, order: '42' }));
    expect(await endOf(id)).toEqual(['completed', 500, 'delivered']);
    expect(handled).toHaveLength(2);
    expect(handled.map(([, { attempt }]) => attempt)).toEqual([1, 2]);
    for (const [payload, context] of handled) {
      expect(payload).toBe('42');
      expect(context).toMatchObject({ id, timerId: id, name: 'payment-due' });
    }
  });

  test('a delivery whose response was lost is repeated, and handled once', async () => {
    const { handled, receiver, server, url } = await start();
    receiver.on(paymentDue, (payload, context) => handled.push([payload.order, context]));
    const lose = loseFirstResponse();
    server.prependListener('request', (_request, response: ServerResponse) => {
      lose(response);
    });
    const id = await createTimer(paymentDue.to({ url, order: '42' }));
    expect(await endOf(id)).toEqual(['completed', null, 'delivered']);
    expect(handled.map(([payload]) => payload)).toEqual(['42']);
  });
});

test('each end of a callback has the intended consequence', async () => {
  const [, serverOf] = HTTP_LIBRARIES[0] ?? [];
  const receiver = createReceiver({ secrets: SECRET, onError: () => undefined });
  const seen: string[] = [];
  receiver.on(paymentDue, (payload) => {
    seen.push(payload.order);
    const count = seen.filter((text) => text === payload.order).length;
    if (payload.order === 'permanent') throw new PermanentError('no such order');
    if (payload.order === 'later' && count === 1) throw new RetryLaterError('unpaid', { afterSeconds: 1 });
  });
  const server = await serverOf?.(receiver);
  if (server === undefined) throw new Error('no server');
  closing.push(() => closeServer(server));
  const url = await listen(server);

  const [permanent, later, unknown, invalid] = await Promise.all([
    createTimer(paymentDue.to({ url, order: 'permanent' })),
    createTimer(paymentDue.to({ url, order: 'later' })),
    createTimer(shipped.to({ url, order: 'unknown' })),
    createTimer({ ...paymentDue.to({ url, order: 'invalid' }), payload: 1 }),
  ]);
  expect(await endOf(permanent)).toEqual(['failed', 410]);
  expect(await endOf(unknown)).toEqual(['failed', 404, 404, 404, 404]);
  expect(await endOf(invalid)).toEqual(['failed', 422, 422, 422, 422]);
  expect(await endOf(later)).toEqual(['completed', 409, 'delivered']);
  const attempts = await attemptsOf(later);
  const [first = NaN, second = NaN] = attempts.map((attempt) => Date.parse(attempt.started_at));
  expect(second - first).toBeGreaterThanOrEqual(1_000);
});
