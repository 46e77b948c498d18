import type { Peer } from '@timer-platform/database';
import { LEASE_MS } from './lease.ts';

/** Of the time between two observations, at most this much counts, in milliseconds: a few heartbeats. */
const LONGEST_STEP_MS = 3_000;

interface Observation {
  readonly heartbeats: number;
  /** For how long this number has been observed. */
  readonly silentMs: number;
}

/**
 * Judges which other dispatchers are gone: those whose number of heartbeats has stood still for {@link LEASE_MS} while this
 * one observed it, by its own monotonic clock. Wall clocks play no part, so that a step of the database's clock removes
 * nobody. Nor does an outage of the database, or a pause of this process: what was not observed does not count.
 */
export class PeerWatch {
  #observations = new Map<string, Observation>();
  #observedMs = Number.NEGATIVE_INFINITY;

  /** Takes in one observation of all other dispatchers; returns those that are gone. */
  observe(peers: readonly Peer[], monotonicMs: number): Peer[] {
    const stepMs = Math.min(monotonicMs - this.#observedMs, LONGEST_STEP_MS);
    this.#observedMs = monotonicMs;
    const gone: Peer[] = [];
    const observations = new Map<string, Observation>();
    for (const peer of peers) {
      const before = this.#observations.get(peer.id);
      const silentMs = before?.heartbeats === peer.heartbeats ? before.silentMs + stepMs : 0;
      observations.set(peer.id, { heartbeats: peer.heartbeats, silentMs });
      if (silentMs >= LEASE_MS) gone.push(peer);
    }
    this.#observations = observations;
    return gone;
  }
}
