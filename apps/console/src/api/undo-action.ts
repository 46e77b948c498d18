import type { UndoResponse } from '@timer-platform/callback-types';
import { request } from './http.ts';

export interface Undone {
  readonly restored: number;
  /** Timers that were left alone, as they changed since. */
  readonly skipped: number;
}

/** A request restores a bounded number of timers; a bulk change of 10,000 needs a few. */
const MAX_REQUESTS = 100;

/** Undoes an action of the audit log as far as it can be undone. */
export async function undoAction(id: string): Promise<Undone> {
  let restored = 0;
  let skipped = 0;
  for (let requests = 0; requests < MAX_REQUESTS; requests += 1) {
    const result = await request<UndoResponse['data']>('POST', `/actions/${encodeURIComponent(id)}/undo`);
    restored += result.restored;
    skipped += result.skipped;
    if (!result.more) break;
  }
  return { restored, skipped };
}
