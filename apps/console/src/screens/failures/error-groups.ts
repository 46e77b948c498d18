import type { TimerSummary } from '@timer-platform/callback-types';

/** Failed timers with the same destination and the same error, apart from ids and numbers in it. */
export interface ErrorGroup {
  /** Identifies it among the groups. */
  readonly id: string;
  readonly destination: string | null;
  /** The error with placeholders: `order ‹n› is unknown`. */
  readonly error: string;
  /** The longest text that all its errors have in common: what a filter can search for. null: there is none. */
  readonly fragment: string | null;
  readonly count: number;
  /** RFC 3339: the first and the last failure. */
  readonly firstAt: string;
  readonly lastAt: string;
  /** The timer that failed last. */
  readonly latest: TimerSummary;
}

/** Stands for what differs; not part of errors of the service. */
const NUMBER = '‹n›';
const ID = '‹id›';
/** Characters of an error text that the API searches for. */
const MAX_FRAGMENT = 200;
/** Shorter texts are in too many errors to search for. */
const MIN_FRAGMENT = 3;

const VARYING =
  /\b[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}\b|\b(?=[0-9a-f]*\d)(?=\d*[a-f])[0-9a-f]{8,}\b|\d+(?:[.:]\d+)*/gi;
/** Statuses say what is wrong: `HTTP 404` and `HTTP 503` are two errors. */
const STATUS = /\bHTTP \d{3}\b/g;

/** An error with placeholders in place of ids and numbers. */
export function normalizeError(error: string): string {
  const statuses = [...error.matchAll(STATUS)].map(({ index }) => index + 'HTTP '.length);
  return error.replaceAll(VARYING, (match, offset: number) => {
    if (statuses.includes(offset) && match.length === 3) return match;
    return /^\d+(?:[.:]\d+)*$/.test(match) ? NUMBER : ID;
  });
}

/** The longest part of a normalized error between placeholders, or null if none is long enough to search for. */
export function fragmentOf(normalized: string): string | null {
  let longest = '';
  for (const part of normalized.split(/‹n›|‹id›/)) if (part.length > longest.length) longest = part;
  const fragment = cut(longest, MAX_FRAGMENT);
  return fragment.trim().length < MIN_FRAGMENT ? null : fragment;
}

/** The beginning of a text, not ending within a character. */
function cut(text: string, length: number): string {
  return text.length > length ? text.slice(0, length).replace(/[\uD800-\uDBFF]$/, '') : text;
}

const UNKNOWN = 'no error is recorded';

/** When a timer failed; those of old rows may not say. */
function failedAt({ executed_at, due_at }: TimerSummary): string {
  return executed_at ?? due_at;
}

/** Groups failed timers, those with the latest failure first. */
export function groupErrors(timers: readonly TimerSummary[]): readonly ErrorGroup[] {
  const groups = new Map<string, ErrorGroup>();
  for (const timer of timers) {
    const { destination, last_error } = timer;
    const error = normalizeError(last_error ?? UNKNOWN);
    const id = JSON.stringify([destination, error]);
    const at = failedAt(timer);
    const known = groups.get(id);
    groups.set(
      id,
      known === undefined
        ? {
            id,
            destination,
            error,
            fragment: last_error === null ? null : fragmentOf(error),
            count: 1,
            firstAt: at,
            lastAt: at,
            latest: timer,
          }
        : {
            ...known,
            count: known.count + 1,
            firstAt: isBefore(at, known.firstAt) ? at : known.firstAt,
            ...(isBefore(known.lastAt, at) ? { lastAt: at, latest: timer } : {}),
          },
    );
  }
  return [...groups.values()].sort((a, b) =>
    isBefore(a.lastAt, b.lastAt) ? 1 : isBefore(b.lastAt, a.lastAt) ? -1 : 0,
  );
}

/** Instants without one (`infinity`) are never earlier nor later. */
function isBefore(a: string, b: string): boolean {
  return Date.parse(a) < Date.parse(b);
}

/** The filter of a bulk retry of a group: destination, text of the error, and failures since its first. */
export function groupFilter({ destination, fragment, firstAt }: ErrorGroup): Record<string, string> {
  return {
    ...(destination === null ? {} : { destination }),
    ...(fragment === null ? {} : { last_error: fragment }),
    ...(Number.isNaN(Date.parse(firstAt)) ? {} : { failed_from: firstAt }),
  };
}
