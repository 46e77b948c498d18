import type { LiveDestination, LiveDestinations } from '@timer-platform/callback-types';
import type { DestinationSettingsRow, DispatcherRow } from '@timer-platform/database';
import { freshReports, worstBreaker } from '../merge-destinations.ts';

/** Destinations that one event may have. */
const MAX_DESTINATIONS = 100;

function present(
  destination: string,
  row: DestinationSettingsRow | undefined,
  reports: Parameters<typeof worstBreaker>[0],
): LiveDestination {
  return {
    destination,
    paused_at: typeof row?.pausedMs === 'number' ? new Date(row.pausedMs).toISOString() : null,
    rate_per_second: row?.ratePerSecond ?? null,
    max_in_flight: row?.maxInFlight ?? null,
    ...worstBreaker(reports),
  };
}

function isQuiet(destination: LiveDestination): boolean {
  const { paused_at, rate_per_second, max_in_flight, breaker } = destination;
  return paused_at === null && rate_per_second === null && max_in_flight === null && breaker === 'closed';
}

/** Finds the destinations whose settings or circuit breakers have changed since it was asked before. */
export class ChangedDestinations {
  /** Those that are paused, limited or not closed. */
  #known: ReadonlyMap<string, LiveDestination> | undefined;

  /** undefined: none has changed, or it is the first time. */
  after(
    settings: readonly DestinationSettingsRow[],
    dispatchers: readonly DispatcherRow[],
  ): LiveDestinations | undefined {
    const known = this.#known;
    const reports = freshReports(dispatchers);
    const rows = new Map(settings.map((row) => [row.destination, row]));
    const names = new Set([...rows.keys(), ...reports.keys(), ...(known?.keys() ?? [])]);
    const current = Array.from(names, (name) => present(name, rows.get(name), reports.get(name) ?? []));
    this.#known = new Map(current.filter((each) => !isQuiet(each)).map((each) => [each.destination, each]));
    if (known === undefined) return undefined;
    const changed = current.filter((each) => {
      const before = known.get(each.destination);
      return before === undefined ? !isQuiet(each) : JSON.stringify(before) !== JSON.stringify(each);
    });
    if (changed.length === 0) return undefined;
    return { destinations: changed.slice(0, MAX_DESTINATIONS), more: changed.length > MAX_DESTINATIONS };
  }
}
