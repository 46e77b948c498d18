import type { Attempt, Timer, TimerListResponse, TimerSummary } from '@timer-platform/callback-types';
import { isObject, type JsonObject } from './json-object.ts';

/** A page of a list of timers. */
export type TimerPage = TimerListResponse['data'];

/**
 * Whether `data` is what the client relies on. Checks no more than that, so that new fields, and new values of known
 * fields, do not break a client that was built before them.
 */
export type Shape<Data> = (data: unknown) => data is Data;

function isTimerLike(data: unknown): data is JsonObject {
  return isObject(data) && typeof data['id'] === 'string' && typeof data['status'] === 'string';
}

function isArrayOf<Item>(value: unknown, isItem: Shape<Item>): value is Item[] {
  return Array.isArray(value) && value.every((item) => isItem(item));
}

/** A timer in the response to a create, update, run or retry. */
export function isTimerSummary(data: unknown): data is TimerSummary {
  return isTimerLike(data);
}

export function isTimer(data: unknown): data is Timer {
  return isTimerLike(data);
}

export function isCanceled(data: unknown): data is { id: string; status: 'canceled' } {
  return isTimerLike(data) && data['status'] === 'canceled';
}

/** The response to a batch of this size. */
export function isBatchOf(size: number): Shape<{ timers: TimerSummary[] }> {
  return (data): data is { timers: TimerSummary[] } =>
    isObject(data) && isArrayOf(data['timers'], isTimerSummary) && data['timers'].length === size;
}

export function isTimerPage(data: unknown): data is TimerPage {
  if (!isObject(data)) return false;
  const cursor = data['next_cursor'];
  return isArrayOf(data['timers'], isTimerSummary) && (cursor === null || typeof cursor === 'string');
}

export function isAttemptList(data: unknown): data is { attempts: Attempt[] } {
  return isObject(data) && isArrayOf(data['attempts'], (item): item is Attempt => isObject(item));
}
