import { parseDuration } from '../lib/duration.ts';
import { resolveLocalTime } from '../lib/zoned-time.ts';
import type { TimerForm } from './timer-form.ts';

/** The last instant that the API can write. */
const YEAR_10000 = Date.UTC(10_000, 0);

/**
 * When the timer in a form would be due, if it were stored now.
 * @param now milliseconds
 * @returns milliseconds; undefined while the form does not say
 */
export function dueOf(form: TimerForm, now: number): number | undefined {
  if (form.when === 'delay') {
    const delay = parseDuration(form.delay.trim());
    return delay === undefined || now + delay >= YEAR_10000 ? undefined : now + delay;
  }
  const resolved = resolveLocalTime(form.executeAt, form.zone);
  return resolved.kind === 'instant' ? resolved.at : undefined;
}

/** What is odd about the instants in a form, before the service says it. */
export function dueWarning(form: TimerForm, now: number): string | undefined {
  const due = dueOf(form, now);
  if (due === undefined) return undefined;
  if (due < now) return 'This instant has passed: the service will refuse it.';
  const expires = resolveLocalTime(form.expiresAt, form.zone);
  return expires.kind === 'instant' && expires.at <= due
    ? 'It expires before it is due, so it would never be sent.'
    : undefined;
}
