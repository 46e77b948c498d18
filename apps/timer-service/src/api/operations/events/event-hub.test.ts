import { afterEach, beforeEach, expect, jest, test } from '@jest/globals';
import { EventHub, type Subscriber } from './event-hub.ts';
import type { LiveEvent } from './live-events.ts';

beforeEach(() => {
  jest.useFakeTimers();
});
afterEach(() => {
  jest.useRealTimers();
});

const EVENT = { name: 'timers', data: { timers: [] } } as const satisfies LiveEvent;

function hubOf(read: () => Promise<LiveEvent[]>) {
  const errors: unknown[] = [];
  let readers = 0;
  const hub = new EventHub({
    createReader: () => {
      readers += 1;
      return { read };
    },
    onError: (error) => errors.push(error),
  });
  return { hub, errors, readers: () => readers };
}

function subscriberOf(isAllowed = () => true) {
  const log: string[] = [];
  const subscriber: Subscriber = {
    isAllowed: () => Promise.resolve(isAllowed()),
    send: ({ name }) => log.push(name),
    sendHeartbeat: () => log.push('heartbeat'),
    end: () => log.push('end'),
  };
  return { log, subscriber };
}

test('one poll a second serves all subscribers, and none is made without them', async () => {
  let reads = 0;
  const { hub, readers } = hubOf(() => {
    reads += 1;
    return Promise.resolve([EVENT]);
  });
  await jest.advanceTimersByTimeAsync(5_000);
  expect(reads).toBe(0);
  const [one, other] = [subscriberOf(), subscriberOf()];
  const leave = hub.subscribe(one.subscriber);
  const leaveToo = hub.subscribe(other.subscriber);
  await jest.advanceTimersByTimeAsync(2_500);
  expect(reads).toBe(3);
  expect([one.log, other.log]).toEqual([new Array(3).fill('timers'), new Array(3).fill('timers')]);
  leave();
  leaveToo();
  await jest.advanceTimersByTimeAsync(5_000);
  expect(reads).toBe(3);
  hub.subscribe(subscriberOf().subscriber)();
  expect(readers()).toBe(2);
});

test('heartbeats show that a quiet connection works', async () => {
  const { hub } = hubOf(() => Promise.resolve([]));
  const { log, subscriber } = subscriberOf();
  const leave = hub.subscribe(subscriber);
  await jest.advanceTimersByTimeAsync(30_500);
  expect(log).toEqual(['heartbeat', 'heartbeat']);
  leave();
});

test('a subscriber whose key ends gets no more events', async () => {
  let allowed = true;
  const { hub } = hubOf(() => Promise.resolve([EVENT]));
  const { log, subscriber } = subscriberOf(() => allowed);
  hub.subscribe(subscriber);
  await jest.advanceTimersByTimeAsync(1_500);
  allowed = false;
  await jest.advanceTimersByTimeAsync(1_500);
  expect(log).toEqual(['timers', 'timers', 'end']);
});

test('polls go on after an error', async () => {
  let reads = 0;
  const { hub, errors } = hubOf(() => {
    reads += 1;
    return reads === 1 ? Promise.reject(new Error('no database')) : Promise.resolve([EVENT]);
  });
  const { log, subscriber } = subscriberOf();
  const leave = hub.subscribe(subscriber);
  await jest.advanceTimersByTimeAsync(1_500);
  expect(errors).toHaveLength(1);
  expect(log).toEqual(['timers']);
  leave();
});

test('when it closes, all subscriptions end, and later ones at once', () => {
  const { hub } = hubOf(() => Promise.resolve([EVENT]));
  const [early, late] = [subscriberOf(), subscriberOf()];
  hub.subscribe(early.subscriber);
  hub.close();
  hub.subscribe(late.subscriber);
  expect([early.log, late.log]).toEqual([['end'], ['end']]);
});
