import type { BulkResult, UndoResponse } from '@timer-platform/callback-types';
import { request } from '../api/http.ts';
import { type BulkKind, type BulkTarget, targetFields, uuidOf } from './bulk-change.ts';
import type { BulkRequests } from './bulk-runner.ts';

/** Timers that one request changes: few enough that progress is seen and a stop is soon. */
const LIMIT = 1_000;

/** The requests of one bulk change. All of them name one new action, so that none is done twice if it is repeated. */
export function bulkRequests(kind: BulkKind, target: BulkTarget): BulkRequests {
  const path = `/timers/${kind}`;
  const fields = targetFields(kind, target);
  const actionId = uuidOf(crypto.getRandomValues(new Uint8Array(16)));
  return {
    count: () =>
      request<BulkResult>('POST', path, {
        // A reschedule must say where to, also when it only counts.
        body: { ...fields, ...(kind === 'reschedule' ? { delay: '0s' } : {}), dry_run: true },
      }),
    change: (more, cursor) =>
      request<BulkResult>('POST', path, {
        body: {
          ...fields,
          ...more,
          limit: LIMIT,
          action_id: actionId,
          ...(cursor === null ? {} : { cursor }),
        },
      }),
  };
}

/** What an undo has done. */
export interface UndoTotals {
  readonly restored: number;
  readonly skipped: number;
}

/** Undoes an action of the audit log, by as many requests as it takes. */
export async function undoAction(actionId: string): Promise<UndoTotals> {
  let totals: UndoTotals = { restored: 0, skipped: 0 };
  for (;;) {
    const { restored, skipped, more } = await request<UndoResponse['data']>(
      'POST',
      `/actions/${actionId}/undo`,
    );
    totals = { restored: totals.restored + restored, skipped: totals.skipped + skipped };
    if (!more) return totals;
  }
}
