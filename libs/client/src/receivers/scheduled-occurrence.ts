import type { Origin } from '@timer-platform/callback-types';

/** Which occurrence of a schedule a callback is. */
export interface ScheduledOccurrence {
  /** The key of the schedule. */
  readonly key: string;
  /** The instant that the schedule names. The callback may be later. */
  readonly scheduledFor: Date;
  /** Why the occurrence exists: in time, made up for, or requested. */
  readonly origin: Origin;
  /** How many occurrences before this one were missed and skipped. */
  readonly missed: number;
}

const ORIGINS: Readonly<Record<Origin, true>> = {
  schedule: true,
  catch_up: true,
  backfill: true,
  trigger: true,
};

function isOrigin(text: string | undefined): text is Origin {
  return text !== undefined && Object.hasOwn(ORIGINS, text);
}

/** Reads the headers of an occurrence, with names in lower case; undefined if the callback is none. */
export function scheduledOccurrence(
  headers: Readonly<Record<string, string>>,
): ScheduledOccurrence | undefined {
  const key = headers['timer-schedule'];
  const origin = headers['timer-origin'];
  const scheduledFor = new Date(headers['timer-scheduled-for'] ?? '');
  if (key === undefined || !isOrigin(origin) || Number.isNaN(scheduledFor.getTime())) return undefined;
  const missed = headers['timer-missed'] ?? '';
  return { key, scheduledFor, origin, missed: /^\d{1,15}$/.test(missed) ? Number(missed) : 0 };
}
