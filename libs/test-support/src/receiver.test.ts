import { afterEach, beforeEach, expect, test } from '@jest/globals';
import { type Receiver, startReceiver } from './receiver.ts';

let receiver: Receiver;
beforeEach(async () => {
  receiver = await startReceiver();
});
afterEach(async () => {
  await receiver.stop();
  await receiver.stop();
});

test('records requests', async () => {
  const before = Date.now();
  const response = await fetch(`${receiver.url}/a/b?c=d`, {
    method: 'POST',
    headers: { 'X-One': '1' },
    body: 'é',
  });
  expect(response.status).toBe(200);
  const [request] = await receiver.waitFor(1);
  expect(request).toMatchObject({ index: 0, method: 'POST', path: '/a/b?c=d', body: Buffer.from('é') });
  expect(request?.headers['x-one']).toBe('1');
  expect(request?.rawHeaders).toContain('X-One');
  expect(request?.receivedAt).toBeGreaterThanOrEqual(before);
});

test('lets a handler choose the response to each request', async () => {
  receiver.respondWith(({ path }) =>
    path === '/no' ? 503 : { status: 201, headers: { 'retry-after': '7' }, body: 'made' },
  );
  expect((await fetch(`${receiver.url}/no`)).status).toBe(503);
  const made = await fetch(`${receiver.url}/yes`);
  expect([made.status, made.headers.get('retry-after'), await made.text()]).toEqual([201, '7', 'made']);
});

test('resets the connection if the handler returns reset or rejects', async () => {
  receiver.respondWith(() => 'reset');
  await expect(fetch(receiver.url)).rejects.toThrow();
  receiver.respondWith(() => Promise.reject(new Error('test')));
  await expect(fetch(receiver.url)).rejects.toThrow();
  expect(receiver.requests).toHaveLength(2);
});

test('can leave a request without a response until it is stopped', async () => {
  receiver.respondWith(() => 'hang');
  const ending = fetch(receiver.url).then(
    () => 'response',
    () => 'disconnected',
  );
  await receiver.waitFor(1);
  await receiver.stop();
  expect(await ending).toBe('disconnected');
});

test('waits for a condition, and lists the received requests if it times out', async () => {
  const waiting = receiver.waitFor((requests) => requests.some(({ path }) => path === '/second'));
  await fetch(`${receiver.url}/first`);
  await fetch(`${receiver.url}/second`);
  expect((await waiting).map(({ path }) => path)).toEqual(['/first', '/second']);
  await expect(receiver.waitFor(3, 10)).rejects.toThrow(/within 10 ms\. 2 requests[^]*1\. GET \/second/);
  const broken = receiver.waitFor(() => {
    throw new Error('wrong condition');
  });
  await expect(broken).rejects.toThrow('wrong condition');
});
