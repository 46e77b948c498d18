import { type NewTimer, serializeBody } from './requests.ts';

const MAX_TIMERS = 1_000;
/** Below the default limit of the service for a batch, 4 MiB, by what surrounds the items. */
const MAX_BYTES = 4_000_000;

/**
 * Splits timers into batches that `createMany` and the default limits of the service accept: up to 1,000 timers and 4 MB
 * of JSON. Each batch is stored whole or not at all, but not the batches together.
 *
 * @throws {TimerError} `validation` if JSON cannot represent a timer
 *
 * @example
 * for (const batch of splitBatches(timers)) await client.createMany(batch);
 */
export function* splitBatches(timers: Iterable<NewTimer>): Generator<NewTimer[], void, undefined> {
  const encoder = new TextEncoder();
  let batch: NewTimer[] = [];
  let bytes = 0;
  for (const timer of timers) {
    const size = encoder.encode(serializeBody('splitBatches', timer)).length + 1;
    if (batch.length > 0 && (batch.length === MAX_TIMERS || bytes + size > MAX_BYTES)) {
      yield batch;
      batch = [];
      bytes = 0;
    }
    batch.push(timer);
    bytes += size;
  }
  if (batch.length > 0) yield batch;
}
