import { expect, test } from '@jest/globals';
import { boundedLookup } from './bounded-lookup.ts';

const ADDRESS = { address: '192.0.2.1', family: 4 };

/** A lookup that ends when the test says so. */
function controlled() {
  const pending = new Map<string, () => void>();
  const lookup = (hostname: string) =>
    new Promise<(typeof ADDRESS)[]>((resolve) => {
      pending.set(hostname, () => {
        pending.delete(hostname);
        resolve([ADDRESS]);
      });
    });
  return { pending, lookup };
}

test('runs two lookups at a time and the others in order', async () => {
  const { lookup, pending } = controlled();
  const resolve = boundedLookup(lookup);
  const results = ['a', 'b', 'c', 'd'].map((name) => resolve(name));
  expect([...pending.keys()]).toEqual(['a', 'b']);
  pending.get('b')?.();
  expect(await results[1]).toEqual([ADDRESS]);
  await new Promise((done) => setImmediate(done));
  expect([...pending.keys()]).toEqual(['a', 'c']);
  pending.get('a')?.();
  pending.get('c')?.();
  await new Promise((done) => setImmediate(done));
  pending.get('d')?.();
  expect(await Promise.all(results)).toHaveLength(4);
});

test('rejects after the timeout, and a lookup that does not end keeps its place', async () => {
  const { lookup, pending } = controlled();
  const resolve = boundedLookup(lookup, { timeoutMs: 20 });
  const results = await Promise.allSettled(['a', 'b', 'c'].map((name) => resolve(name)));
  expect(results).toEqual(
    results.map(() => ({ status: 'rejected', reason: expect.objectContaining({ code: 'EAI_AGAIN' }) })),
  );
  expect([...pending.keys()]).toEqual(['a', 'b']);
  pending.get('a')?.();
  await new Promise((done) => setImmediate(done));
  // c has timed out and is not looked up any more.
  expect([...pending.keys()]).toEqual(['b']);
});

test('rejects at once if the queue is full', async () => {
  const { lookup, pending } = controlled();
  const resolve = boundedLookup(lookup, { maxConcurrent: 1, maxQueued: 1 });
  const results = [resolve('a'), resolve('b')];
  await expect(resolve('c')).rejects.toMatchObject({ code: 'EAI_AGAIN' });
  pending.get('a')?.();
  await new Promise((done) => setImmediate(done));
  pending.get('b')?.();
  expect(await Promise.all(results)).toHaveLength(2);
});
