import { expect, test } from '@jest/globals';
import { z } from 'zod';
import { defineCallback } from '../callbacks/define-callback.ts';
import { scriptedFetch, success } from '../testing/scripted-fetch.ts';
import { createClient } from './timer-client.ts';

const reminder = defineCallback('reminder', z.object({ order: z.string(), count: z.number().default(1) }), {
  type: 'http',
  url: 'https://shop.example/reminders',
});

function connect() {
  const scripted = scriptedFetch(success({ id: 'a', status: 'pending' }, 201));
  const client = createClient({ url: 'http://timers.example', apiKey: 'secret', fetch: scripted.fetch });
  return { client, requests: scripted.requests };
}

test('a timer is created with a callback definition and its payload', async () => {
  const { client, requests } = connect();
  await client.create(
    reminder,
    { order: '42' },
    { delay: '1h', metadata: { team: 'billing' } },
    { idempotencyKey: 'k' },
  );
  expect(JSON.parse(requests[0]?.init.body ?? '')).toEqual({
    delay: '1h',
    metadata: { team: 'billing' },
    callback: {
      type: 'http',
      url: 'https://shop.example/reminders',
      headers: { 'timer-callback': 'reminder' },
      payload: { order: '42' },
    },
  });
  expect(requests[0]?.init.headers['idempotency-key']).toBe('k');
});

test('a wrong payload does not compile, and is refused before anything is sent', async () => {
  const { client, requests } = connect();
  // @ts-expect-error -- order is a string
  await expect(client.create(reminder, { order: 42 }, { delay: '1h' })).rejects.toThrow('order');
  // @ts-expect-error -- order is missing
  await expect(client.create(reminder, {}, { delay: '1h' })).rejects.toThrow('order');
  expect(requests).toEqual([]);
});
