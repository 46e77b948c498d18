/** Milliseconds since the epoch, by the clock of this computer. */
export function now(): number {
  return Date.now();
}
