/** Where the service takes the time from; tests pass one that they move by hand. */
export interface Clock {
  /** Milliseconds since an arbitrary start, fractions included; never steps, whatever happens to the wall clock. */
  monotonicMs(): number;
  /** Milliseconds since 1970 by this machine. For headers and logs; never decides when a timer is due. */
  wallMs(): number;
}

export const systemClock: Clock = {
  monotonicMs: () => performance.now(),
  wallMs: () => Date.now(),
};
