import type { Destination } from '@timer-platform/callback-types';
import {
  countPausedTimers,
  type Database,
  estimatePausedTimers,
  listDestinationSettings,
  listDispatchers,
} from '@timer-platform/database';
import { type DestinationParts, mergeDestination, mergeDestinations } from './merge-destinations.ts';

async function readParts(db: Database, name?: string): Promise<DestinationParts> {
  const [settings, dispatchers] = await Promise.all([listDestinationSettings(db, name), listDispatchers(db)]);
  // Those that have just been resumed have timers for some moments, too; they are not shown.
  const paused = settings.filter(({ pausedMs }) => pausedMs !== null).map(({ destination }) => destination);
  const pausedTimers = await countPausedTimers(db, paused);
  const isLarge = pausedTimers.some(({ more }) => more);
  return {
    settings,
    dispatchers,
    pausedTimers,
    estimates: isLarge ? await estimatePausedTimers(db) : new Map<string, number>(),
  };
}

/** Every destination that has settings or that a dispatcher has reported lately. */
export async function readDestinations(db: Database): Promise<Destination[]> {
  return mergeDestinations(await readParts(db));
}

/** One destination, also if nothing is known about it. */
export async function readDestination(db: Database, name: string): Promise<Destination> {
  return mergeDestination(name, await readParts(db, name));
}
