import type {
  DeleteScheduleResponse,
  OccurrenceListResponse,
  PauseScheduleResponse,
  PutScheduleResponse,
  Schedule,
  ScheduleBackfill,
  ScheduleListResponse,
  SchedulePreview,
} from '@timer-platform/callback-types';
import { isObject } from './json-object.ts';

/** A schedule after a put: whether it was changed, and what became of its occurrences. */
export type PutSchedule = PutScheduleResponse['data'];
/** A paused schedule, and what became of its occurrences. */
export type PausedSchedule = PauseScheduleResponse['data'];
/** What became of the occurrences of a deleted schedule. */
export type DeletedSchedule = DeleteScheduleResponse['data'];
/** A page of a list of schedules. */
export type SchedulePage = ScheduleListResponse['data'];
/** A page of a list of occurrences. */
export type OccurrencePage = OccurrenceListResponse['data'];

function isKeyed(data: unknown): boolean {
  return isObject(data) && typeof data['key'] === 'string' && typeof data['id'] === 'string';
}

function isWithdrawal(data: unknown): boolean {
  return (
    isKeyed(data) && isObject(data) && Array.isArray(data['withdrawn']) && Array.isArray(data['running'])
  );
}

function isPageOf(data: unknown, field: string): boolean {
  if (!isObject(data) || !Array.isArray(data[field])) return false;
  return data['next_cursor'] === null || typeof data['next_cursor'] === 'string';
}

export function isSchedule(data: unknown): data is Schedule {
  return isKeyed(data);
}

export function isPutSchedule(data: unknown): data is PutSchedule {
  return isWithdrawal(data);
}

export function isPausedSchedule(data: unknown): data is PausedSchedule {
  return isWithdrawal(data);
}

export function isDeletedSchedule(data: unknown): data is DeletedSchedule {
  return isWithdrawal(data);
}

export function isSchedulePage(data: unknown): data is SchedulePage {
  return isPageOf(data, 'schedules');
}

export function isOccurrencePage(data: unknown): data is OccurrencePage {
  return isPageOf(data, 'occurrences');
}

export function isSchedulePreview(data: unknown): data is SchedulePreview {
  return isObject(data) && Array.isArray(data['occurrences']);
}

export function isScheduleBackfill(data: unknown): data is ScheduleBackfill {
  return isObject(data) && typeof data['created'] === 'number';
}
