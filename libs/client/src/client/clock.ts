/** The time, as {@link Runtime} needs it. */
export const clock = {
  /** Milliseconds of a clock that never jumps. */
  monotonicMs: (): number => performance.now(),
  /** Unix milliseconds. */
  wallMs: (): number => Date.now(),
};
