import type { Dispatcher, DispatcherState } from '@timer-platform/callback-types';
import type { DispatcherRow } from '@timer-platform/database';

/** A dispatcher sends a heartbeat every second; others remove one that sends none for 10 s. */
const STALLED_AFTER_MS = 5_000;

/** Whether a dispatcher has sent a heartbeat lately. For people: the dispatchers themselves judge by their own clocks. */
function dispatcherState({ nowMs, heartbeatMs }: DispatcherRow): DispatcherState {
  return nowMs - heartbeatMs > STALLED_AFTER_MS ? 'stalled' : 'alive';
}

/** How many dispatchers there are. */
export function countDispatchers(rows: readonly DispatcherRow[]): {
  readonly alive: number;
  readonly stalled: number;
} {
  const alive = rows.filter((row) => dispatcherState(row) === 'alive').length;
  return { alive, stalled: rows.length - alive };
}

/** A dispatcher in a response. */
export function presentDispatcher(row: DispatcherRow): Dispatcher {
  const { report, reportedMs } = row;
  return {
    id: row.id,
    name: row.name,
    started_at: new Date(row.startedMs).toISOString(),
    heartbeat_at: new Date(row.heartbeatMs).toISOString(),
    state: dispatcherState(row),
    reported_at: reportedMs === null ? null : new Date(reportedMs).toISOString(),
    load: report?.load ?? null,
    problem: report?.problem ?? null,
    node: report?.node ?? null,
    version: report?.service ?? null,
  };
}
