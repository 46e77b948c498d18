import { expect, test } from '@jest/globals';
import { openableGate } from '../testing/openable-gate.ts';
import { memoryDedupStore } from './memory-dedup-store.ts';

const handle = () => Promise.resolve();

test('an id is remembered for its time to live', async () => {
  let nowMs = 0;
  const store = memoryDedupStore({ ttlMs: 1_000, monotonicMs: () => nowMs });
  expect(await store.once('a', handle)).toBe('handled');
  nowMs = 999;
  expect(await store.once('a', handle)).toBe('duplicate');
  nowMs = 1_000;
  expect(await store.once('a', handle)).toBe('handled');
});

test('above the limit the oldest ids are forgotten', async () => {
  const store = memoryDedupStore({ maxIds: 2 });
  for (const id of ['a', 'b', 'c']) await store.once(id, handle);
  expect(await store.once('c', handle)).toBe('duplicate');
  expect(await store.once('b', handle)).toBe('duplicate');
  expect(await store.once('a', handle)).toBe('handled');
});

test('an id whose handler fails is not remembered', async () => {
  const store = memoryDedupStore();
  await expect(store.once('a', () => Promise.reject(new Error('down')))).rejects.toThrow('down');
  expect(await store.once('a', handle)).toBe('handled');
});

test('ids that are being handled are neither limited nor forgotten', async () => {
  const store = memoryDedupStore({ maxIds: 1, ttlMs: 0 });
  const gate = openableGate();
  const wait = () => gate.opened;
  const first = [store.once('a', wait), store.once('b', wait)];
  expect(await store.once('a', handle)).toBe('in progress');
  expect(await store.once('b', handle)).toBe('in progress');
  gate.open();
  expect(await Promise.all(first)).toEqual(['handled', 'handled']);
});
