import { describe, expect, test } from '@jest/globals';
import type { Peer, RescueResult } from '@timer-platform/database';
import { flushPromises } from '../testing/flush-promises.ts';
import { gate } from '../testing/gate.ts';
import { Rescuer } from './rescuer.ts';

const NOTHING: RescueResult = { returned: 0, failed: 0 };
const GONE: readonly Peer[] = [{ id: 'peer', heartbeats: 3 }];
const UNAVAILABLE = new Error('connection terminated');

/** undefined: as usual. */
interface Behavior {
  readonly expireLeases?: () => Promise<number> | undefined;
  readonly rescue?: () => Promise<RescueResult> | undefined;
}

function createRescuer(more: Behavior = {}) {
  const calls: string[] = [];
  const rescued: RescueResult[] = [];
  const errors: unknown[] = [];
  const rescuer = new Rescuer({
    statements: {
      expireLeases: (peers) => {
        calls.push(`expire ${peers.map(({ id }) => id).join()}`);
        return more.expireLeases?.() ?? Promise.resolve(peers.length);
      },
      rescue: () => {
        calls.push('rescue');
        return more.rescue?.() ?? Promise.resolve(NOTHING);
      },
    },
    onRescued: (result) => rescued.push(result),
    onError: (error) => errors.push(error),
  });
  const run = async (gone: readonly Peer[], nowMs: number) => {
    rescuer.run(gone, nowMs);
    await flushPromises();
  };
  return { run, calls, rescued, errors };
}

describe('Rescuer', () => {
  test('expires the leases of dispatchers that are gone, then rescues their timers', async () => {
    const result = { returned: 2, failed: 1 };
    const { run, calls, rescued } = createRescuer({ rescue: () => Promise.resolve(result) });
    await run(GONE, 0);
    expect(calls).toEqual(['expire peer', 'rescue']);
    expect(rescued).toEqual([result]);
  });

  test('reports nothing if nothing was rescued', async () => {
    const { run, rescued } = createRescuer();
    await run(GONE, 0);
    expect(rescued).toEqual([]);
  });

  test('reports timers that failed, even if none was returned', async () => {
    const { run, rescued } = createRescuer({ rescue: () => Promise.resolve({ returned: 0, failed: 1 }) });
    await run([], 0);
    expect(rescued).toEqual([{ returned: 0, failed: 1 }]);
  });

  test('rescues every five seconds although nobody is gone', async () => {
    const { run, calls } = createRescuer();
    for (let second = 0; second <= 10; second += 1) await run([], second * 1_000);
    expect(calls).toEqual(['rescue', 'rescue', 'rescue']);
  });

  test('does not wait for that interval if somebody is gone', async () => {
    const { run, calls } = createRescuer();
    await run([], 0);
    await run(GONE, 1_000);
    expect(calls).toEqual(['rescue', 'expire peer', 'rescue']);
  });

  test('is not waited for, and runs once at a time', async () => {
    const done = gate<RescueResult>();
    const { run, calls, rescued } = createRescuer({ rescue: () => done.passed });
    await run(GONE, 0);
    await run(GONE, 60_000);
    expect(calls).toEqual(['expire peer', 'rescue']);
    expect(rescued).toEqual([]);
    done.open({ returned: 1, failed: 0 });
    await flushPromises();
    expect(rescued).toHaveLength(1);
    await run(GONE, 61_000);
    expect(calls).toHaveLength(4);
  });

  test.each(['expireLeases', 'rescue'] as const)(
    'retries at the next heartbeat after an error of %s',
    async (failing) => {
      let available = true;
      const { run, calls, errors } = createRescuer({
        [failing]: () => (available ? undefined : Promise.reject(UNAVAILABLE)),
      });
      await run([], 0);
      available = false;
      await run(GONE, 1_000);
      expect(errors).toEqual([UNAVAILABLE]);
      available = true;
      const before = calls.length;
      await run([], 2_000);
      expect(calls.slice(before)).toEqual(['rescue']);
      await run(GONE, 3_000);
      expect(calls.slice(before)).toEqual(['rescue', 'expire peer', 'rescue']);
      expect(errors).toHaveLength(1);
    },
  );
});
