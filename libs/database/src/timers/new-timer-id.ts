import { randomFillSync } from 'node:crypto';
import { v7 as uuidv7 } from 'uuid';

/** Random bytes of one id. */
const BYTES = 16;
/** One call to the system for so many ids: a call for each was a twentieth of storing a batch. */
const pool = new Uint8Array(BYTES * 256);
let used = pool.length;

/** A UUID of version 7 (RFC 9562): new entries of the primary key stand beside each other. */
export function newTimerId(): string {
  if (used === pool.length) {
    randomFillSync(pool);
    used = 0;
  }
  used += BYTES;
  return uuidv7({ random: pool.subarray(used - BYTES, used) });
}
