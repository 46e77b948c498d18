import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import { LEASE_MS } from './lease.ts';
import { PeerWatch } from './peer-watch.ts';

/** No more of the time between two observations counts. */
const LONGEST_STEP_MS = 3_000;

/** Observes a peer whose counter stands still at these instants; returns when it was judged gone. */
function goneAt(instants: readonly number[], heartbeats = 5): number | undefined {
  const watch = new PeerWatch();
  return instants.find((nowMs) => watch.observe([{ id: 'peer', heartbeats }], nowMs).length > 0);
}

function every(ms: number, count: number): number[] {
  return Array.from({ length: count }, (_, n) => n * ms);
}

describe('PeerWatch', () => {
  test('judges a peer gone whose heartbeats stand still for the lease', () => {
    expect(goneAt(every(1_000, 20))).toBe(LEASE_MS);
  });

  test('reports it until it is removed, and not any more', () => {
    const watch = new PeerWatch();
    const peer = { id: 'peer', heartbeats: 5 };
    for (const nowMs of every(1_000, 10)) expect(watch.observe([peer], nowMs)).toEqual([]);
    expect(watch.observe([peer], 10_000)).toEqual([peer]);
    expect(watch.observe([peer], 11_000)).toEqual([peer]);
    expect(watch.observe([], 12_000)).toEqual([]);
    expect(watch.observe([peer], 13_000)).toEqual([]);
  });

  test('judges each peer by its own heartbeats', () => {
    const watch = new PeerWatch();
    const gone = every(1_000, 11).map((nowMs) =>
      watch.observe(
        [
          { id: 'alive', heartbeats: nowMs / 1_000 },
          { id: 'silent', heartbeats: 5 },
        ],
        nowMs,
      ),
    );
    expect(gone.at(-1)).toEqual([{ id: 'silent', heartbeats: 5 }]);
    expect(gone.slice(0, -1).flat()).toEqual([]);
  });

  test('a counter that was set back is one that moves', () => {
    const watch = new PeerWatch();
    for (const nowMs of every(1_000, 10)) watch.observe([{ id: 'peer', heartbeats: 5 }], nowMs);
    expect(watch.observe([{ id: 'peer', heartbeats: 1 }], 10_000)).toEqual([]);
  });

  test('an outage of the database or a pause of this process counts for three seconds at most', () => {
    const hourMs = 3_600_000;
    const afterPause = every(1_000, 10).map((ms) => hourMs + ms);
    expect(goneAt([0, ...afterPause])).toBe(hourMs + LEASE_MS - LONGEST_STEP_MS);
    expect(goneAt(every(hourMs, 10))).toBe(4 * hourMs);
  });

  const gaps = fc.array(
    fc.oneof(
      { weight: 5, arbitrary: fc.integer({ min: 1, max: 2_000 }) },
      { weight: 1, arbitrary: fc.integer({ min: 2_000, max: 1_000_000 }) },
    ),
    { minLength: 1, maxLength: 100, size: 'max' },
  );

  test('a peer that goes on is never judged gone, whatever the gaps between observations', () => {
    const pauses = fc.array(fc.integer({ min: 1, max: LEASE_MS - 1 }), { minLength: 1, maxLength: 20 });
    fc.assert(
      fc.property(gaps, pauses, (steps, between) => {
        const watch = new PeerWatch();
        let nowMs = 0;
        // The time that was observed: the peer has as many heartbeats as fit into it.
        let observedMs = 0;
        let heartbeats = 0;
        let nextBeatMs = between[0] ?? 0;
        for (const step of steps) {
          nowMs += step;
          observedMs += Math.min(step, LONGEST_STEP_MS);
          while (nextBeatMs <= observedMs) {
            heartbeats += 1;
            nextBeatMs += between[heartbeats % between.length] ?? 0;
          }
          if (watch.observe([{ id: 'peer', heartbeats }], nowMs).length > 0)
            throw new Error(`gone at ${nowMs}`);
        }
      }),
    );
    expect(goneAt([0])).toBeUndefined();
  });

  test('a silent peer is judged gone within the lease and one more observation', () => {
    fc.assert(
      fc.property(gaps, (steps) => {
        const instants = [0];
        let observedMs = 0;
        let expected: number | undefined;
        for (const step of steps) {
          const nowMs = (instants.at(-1) ?? 0) + step;
          instants.push(nowMs);
          observedMs += Math.min(step, LONGEST_STEP_MS);
          if (observedMs >= LEASE_MS) expected ??= nowMs;
        }
        expect(goneAt(instants)).toBe(expected);
      }),
    );
  });
});
