import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { startTestApi } from './testing/test-api.ts';

const api = await startTestApi();
const url = await api.app.listen({ port: 0, host: '127.0.0.1' });
afterAll(() => api.close());
const headers = {
  'content-type': 'application/json',
  'x-api-key': 'a-test-key-of-more-than-32-characters',
};

function cpuMs(): number {
  const { user, system } = process.cpuUsage();
  return (user + system) / 1_000;
}

/**
 * Runs work and returns the longest turn of the event loop and the sum of all that did something. In milliseconds of CPU
 * time, which other processes do not prolong as they do a duration.
 */
async function measure(work: () => Promise<unknown>): Promise<{ longest: number; busy: number }> {
  let longest = 0;
  let busy = 0;
  let since = cpuMs();
  let immediate = setImmediate(function turn() {
    const now = cpuMs();
    longest = Math.max(longest, now - since);
    if (now - since > 1) busy += now - since;
    since = now;
    immediate = setImmediate(turn);
  });
  await work();
  clearImmediate(immediate);
  return { longest, busy };
}

const payload = { list: Array.from({ length: 120 }, (_, n) => ({ number: n, text: `item ${n}` })) };
const timer = { delay: '1h', callback: { type: 'http', url: 'https://example.com/', payload } };
const post = (path: string, body: string, more = {}) =>
  fetch(`${url}${path}`, { method: 'POST', headers: { ...headers, ...more }, body });

describe('the work of one request', () => {
  beforeAll(async () => {
    await post('/timers', JSON.stringify(timer));
  });

  test('is spread over turns of the event loop for a batch of 4 MB with an Idempotency-Key', async () => {
    const body = JSON.stringify({ timers: Array.from({ length: 1_000 }, () => timer) });
    expect(body.length).toBeGreaterThan(3_800_000);
    let status = 0;
    const { longest, busy } = await measure(async () => {
      ({ status } = await post('/timers/batch', body, { 'idempotency-key': 'a' }));
    });
    expect(status).toBe(201);
    expect(longest / busy).toBeLessThan(0.4);
  });

  test('is refused before it starts for a batch above the limit', async () => {
    const body = JSON.stringify({ timers: Array.from({ length: 1_000 }, () => timer) });
    expect((await post('/timers/batch', `${body}${' '.repeat(14_000_000)}`)).status).toBe(413);
  });

  test.each<[string, unknown]>([
    [
      'bad headers',
      {
        ...timer,
        callback: {
          ...timer.callback,
          headers: Object.fromEntries(Array.from({ length: 50_000 }, (_, n) => [`bad ${n}`, n])),
        },
      },
    ],
    ['delays', { ...timer, retry: { delays: Array.from({ length: 200_000 }, () => 'x') } }],
    [
      'unknown fields',
      { ...timer, ...Object.fromEntries(Array.from({ length: 50_000 }, (_, n) => [`x${n}`, n])) },
    ],
  ])('takes no longer than that of a valid one for a megabyte of %s', async (_, body) => {
    const text = JSON.stringify(body);
    let status = 0;
    const invalid = await measure(async () => {
      ({ status } = await post('/timers', text));
    });
    expect(status).toBe(400);
    const valid = await measure(() =>
      post('/timers', JSON.stringify({ ...timer, callback: { ...timer.callback, payload: body } })),
    );
    expect(invalid.longest).toBeLessThan(3 * valid.longest);
  });
});
