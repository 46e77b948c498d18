import type { Destination, Dispatcher, Forecast, ForecastQuery, Stats } from '@timer-platform/callback-types';
import { type Database, listDispatchers } from '@timer-platform/database';
import type { Clock } from '../../clock.ts';
import { readForecast } from './forecast/read-forecast.ts';
import { presentDispatcher } from './present-dispatcher.ts';
import { countsReader } from './read-counts.ts';
import { readDestinations } from './read-destinations.ts';
import { readStats } from './read-stats.ts';
import { RecentResult } from './recent-result.ts';
import { RecentResults } from './recent-results.ts';

/** How long a result is used, in milliseconds. */
const MAX_AGE_MS = 1_000;
const FORECAST_MAX_AGE_MS = 5_000;

/** What operators see of the whole service. Results are shared by all clients of the process. */
export interface Operations {
  stats(): Promise<Stats>;
  /** Only the numbers of timers. */
  counts(): Promise<Pick<Stats, 'counts' | 'due'>>;
  /** @throws {ApiError} code 2 when the query asks for too much */
  forecast(query: ForecastQuery): Promise<Forecast>;
  destinations(): Promise<Destination[]>;
  /** Their settings were changed through this process: whoever did it must see that next. */
  forgetDestinations(): void;
  dispatchers(): Promise<Dispatcher[]>;
}

/** Creates the reads of a server. */
export function createOperations(db: Database, clock: Clock): Operations {
  const readCounts = countsReader(db, clock);
  const counts = new RecentResult(readCounts, MAX_AGE_MS, clock);
  const stats = new RecentResult(() => readStats(db, () => counts.get()), MAX_AGE_MS, clock);
  const destinations = new RecentResult(() => readDestinations(db), MAX_AGE_MS, clock);
  const forecasts = new RecentResults(
    (query: ForecastQuery) => readForecast(db, query, () => counts.get(), clock),
    FORECAST_MAX_AGE_MS,
    clock,
  );
  return {
    stats: () => stats.get(),
    counts: () => counts.get(),
    forecast: (query) => forecasts.get(query),
    destinations: () => destinations.get(),
    forgetDestinations: () => {
      destinations.forget();
    },
    dispatchers: async () => (await listDispatchers(db)).map(presentDispatcher),
  };
}
