/** The service's source of time. Tests pass one that they control. */
export interface Clock {
  /** Milliseconds since an arbitrary start, with fractions. Unaffected by changes of the wall clock. */
  monotonicMs(): number;
  /** Unix milliseconds by this machine. For headers and logs; never decides when a timer is due. */
  wallMs(): number;
}

export const systemClock: Clock = {
  monotonicMs: () => performance.now(),
  wallMs: () => Date.now(),
};
