import {
  parseDuration,
  type PutScheduleRequest,
  type Schedule,
  SCHEDULE_DEFAULTS,
} from '@timer-platform/callback-types';
import { isObject } from '../../client/json-object.ts';

/** A field that differs between a stored schedule and a request. */
export interface FieldChange {
  readonly field: string;
  readonly from: unknown;
  readonly to: unknown;
}

/** How the service shows a secret in a callback, unless the API key has the role admin. */
const MASK = '***';

const DURATIONS = [
  'every',
  'phase',
  'jitter',
  'catch_up_window',
  'catch_up_spacing',
  'expires_after',
] as const;
const INSTANTS = ['start_at', 'end_at'] as const;
const OTHERS = [
  'time_zone',
  'max_occurrences',
  'overlap',
  'catch_up',
  'pause_after_failures',
  'retry',
  'metadata',
] as const;

function milliseconds(text: string | null | undefined): number | null {
  return text === null || text === undefined ? null : (parseDuration(text) ?? null);
}

function instant(value: string | null | undefined): number | null {
  return value === null || value === undefined ? null : Date.parse(value);
}

function defaultOf(field: string, request: PutScheduleRequest): unknown {
  if (field === 'phase')
    return request.every === null || request.every === undefined ? null : SCHEDULE_DEFAULTS.phase;
  return Object.hasOwn(SCHEDULE_DEFAULTS, field)
    ? SCHEDULE_DEFAULTS[field as keyof typeof SCHEDULE_DEFAULTS]
    : null;
}

/** Whether what is stored may be what is wanted: a value that is masked may be any. */
function mayEqual(stored: unknown, wanted: unknown): boolean {
  if (typeof stored === 'string' && typeof wanted === 'string' && stored.includes(MASK)) {
    const parts = stored.split(MASK);
    return wanted.startsWith(parts[0] ?? '') && wanted.endsWith(parts.at(-1) ?? '');
  }
  if (Array.isArray(stored) && Array.isArray(wanted))
    return stored.length === wanted.length && stored.every((item, index) => mayEqual(item, wanted[index]));
  if (isObject(stored) && isObject(wanted)) {
    const names = new Set([...Object.keys(stored), ...Object.keys(wanted)]);
    return [...names].every((name) => mayEqual(stored[name], wanted[name]));
  }
  // What is absent and what is null mean the same in a callback.
  return (stored ?? null) === (wanted ?? null);
}

/**
 * The fields in which a stored schedule differs from a request, with the defaults of what the request leaves out. Secrets
 * that are masked are taken for equal.
 */
export function scheduleChanges(stored: Schedule, request: PutScheduleRequest): FieldChange[] {
  const changes: FieldChange[] = [];
  const compare = (field: string, from: unknown, to: unknown, equal: boolean) => {
    if (!equal) changes.push({ field, from: from ?? null, to: to ?? null });
  };
  const cron = typeof request.cron === 'string' ? [request.cron] : (request.cron ?? null);
  compare('cron', stored.cron, cron, mayEqual(stored.cron, cron));
  const exclude = request.exclude ?? [];
  compare('exclude', stored.exclude, exclude, mayEqual(stored.exclude, exclude));
  for (const field of DURATIONS) {
    const to = request[field] ?? (defaultOf(field, request) as string | null);
    compare(field, stored[field], to, milliseconds(stored[field]) === milliseconds(to));
  }
  for (const field of INSTANTS)
    compare(field, stored[field], request[field], instant(stored[field]) === instant(request[field]));
  for (const field of OTHERS) {
    const to = request[field] ?? defaultOf(field, request);
    compare(field, stored[field], to, mayEqual(stored[field], to));
  }
  for (const name of new Set([...Object.keys(stored.callback), ...Object.keys(request.callback)])) {
    const [from, to] = [stored.callback, request.callback].map(
      (callback) => (callback as unknown as Readonly<Record<string, unknown>>)[name],
    );
    compare(`callback.${name}`, from, to, mayEqual(from, to));
  }
  return changes;
}
