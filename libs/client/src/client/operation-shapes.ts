import type { Destination, Dispatcher, Forecast, Stats } from '@timer-platform/callback-types';
import { isObject } from './json-object.ts';

export function isStats(data: unknown): data is Stats {
  return (
    isObject(data) && isObject(data['counts']) && isObject(data['due']) && Array.isArray(data['minutes'])
  );
}

export function isForecast(data: unknown): data is Forecast {
  return isObject(data) && Array.isArray(data['buckets']);
}

export function isDestination(data: unknown): data is Destination {
  return isObject(data) && typeof data['destination'] === 'string';
}

export function isDestinationList(data: unknown): data is { destinations: Destination[] } {
  if (!isObject(data)) return false;
  const { destinations } = data;
  return Array.isArray(destinations) && destinations.every(isDestination);
}

export function isDispatcherList(data: unknown): data is { dispatchers: Dispatcher[] } {
  return isObject(data) && Array.isArray(data['dispatchers']);
}
