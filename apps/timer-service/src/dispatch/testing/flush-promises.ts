/** Resolves when everything that can go on without a timer or I/O has done so. */
export function flushPromises(): Promise<void> {
  return new Promise((resolve) => setImmediate(resolve));
}
