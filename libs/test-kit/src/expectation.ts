import { isDeepStrictEqual } from 'node:util';
import { type CallbackTarget, NAME_HEADER } from './callback-selector.ts';
import { type Instant, parseElapsed, parseInstant } from './parse-instant.ts';
import type { ScheduledTimer } from './protocol.ts';

/** What is expected of a pending timer; what is left out is not compared. Objects are compared by the members given. */
export interface ExpectedTimer {
  /** When the next attempt is due. */
  readonly at?: Instant;
  /** When the next attempt is due, as a duration from now such as `3d`. */
  readonly in?: string | number;
  readonly payload?: unknown;
  readonly metadata?: unknown;
  readonly key?: string;
  readonly headers?: Readonly<Record<string, string>>;
  /** Attempts so far. */
  readonly attempts?: number;
}

/** An expectation of the test does not hold. */
export class ExpectationError extends Error {
  override readonly name = 'ExpectationError';
}

const MAX_LISTED = 10;

export function targetOf({ callback }: ScheduledTimer): CallbackTarget {
  const name = Object.entries(callback.headers ?? {}).find(
    ([header]) => header.toLowerCase() === NAME_HEADER,
  )?.[1];
  const key = callback.key ?? undefined;
  const subject =
    callback.topic === undefined ? null : key === undefined ? callback.topic : `${callback.topic}.${key}`;
  return { name: name ?? null, url: callback.url ?? null, subject };
}

/** Whether `actual` has everything that `expected` has. */
function contains(actual: unknown, expected: unknown): boolean {
  if (Array.isArray(expected))
    return (
      Array.isArray(actual) &&
      actual.length === expected.length &&
      expected.every((item, index) => contains(actual[index], item))
    );
  if (typeof expected !== 'object' || expected === null) return isDeepStrictEqual(actual, expected);
  if (typeof actual !== 'object' || actual === null) return false;
  const members = new Map(Object.entries(actual));
  return Object.entries(expected).every(([name, value]) => contains(members.get(name), value));
}

/** What differs, as lines; none: the timer is as expected. */
export function differences(timer: ScheduledTimer, expected: ExpectedTimer, nowMs: number): string[] {
  const lines: string[] = [];
  const compare = (name: string, actual: unknown, wanted: unknown) => {
    if (wanted !== undefined && !contains(actual, wanted))
      lines.push(`${name} is ${print(actual)}, expected ${print(wanted)}`);
  };
  const compareInstant = (name: string, wantedMs: number | undefined) => {
    if (wantedMs !== undefined && Date.parse(timer.due_at) !== wantedMs)
      lines.push(`${name} is ${timer.due_at}, expected ${new Date(wantedMs).toISOString()}`);
  };
  compareInstant('at', expected.at === undefined ? undefined : parseInstant(expected.at));
  compareInstant('in', expected.in === undefined ? undefined : nowMs + parseElapsed(expected.in));
  compare('payload', timer.callback.payload, expected.payload);
  compare('metadata', timer.metadata, expected.metadata);
  compare('key', timer.key, expected.key);
  compare('headers', timer.callback.headers ?? {}, expected.headers);
  compare('attempts', timer.attempts, expected.attempts);
  return lines;
}

function print(value: unknown): string {
  const text = JSON.stringify(value) as string | undefined;
  return text === undefined ? 'undefined' : text.length > 200 ? `${text.slice(0, 200)}…` : text;
}

function describeTimer(timer: ScheduledTimer): string {
  const { name, url, subject } = targetOf(timer);
  const retried = timer.attempts > 0 ? `, after ${timer.attempts} attempts (${timer.last_error ?? ''})` : '';
  return `${timer.due_at} ${name === null ? '' : `"${name}" `}to ${url ?? subject ?? '?'} with ${print(timer.callback.payload ?? null)}${retried}`;
}

/** Explains that none of the pending timers is as expected. */
export function describeMismatch(
  description: string,
  candidates: readonly ScheduledTimer[],
  others: readonly ScheduledTimer[],
  expected: ExpectedTimer,
  nowMs: number,
): string {
  const lines = [
    `No pending timer for ${description} is as expected; it is ${new Date(nowMs).toISOString()}.`,
  ];
  if (candidates.length > 0) lines.push('Pending for it:');
  for (const timer of candidates.slice(0, MAX_LISTED)) {
    lines.push(`  ${describeTimer(timer)}`);
    for (const line of differences(timer, expected, nowMs)) lines.push(`      ${line}`);
  }
  if (candidates.length > MAX_LISTED) lines.push(`  and ${candidates.length - MAX_LISTED} more`);
  if (candidates.length === 0) lines.push(...describePending(others));
  return lines.join('\n');
}

export function describePending(timers: readonly ScheduledTimer[]): string[] {
  if (timers.length === 0) return ['No timer is pending.'];
  const lines = ['Pending are:', ...timers.slice(0, MAX_LISTED).map((timer) => `  ${describeTimer(timer)}`)];
  if (timers.length > MAX_LISTED) lines.push(`  and ${timers.length - MAX_LISTED} more`);
  return lines;
}
