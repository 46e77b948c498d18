import { parseDuration } from '../lib/duration.ts';
import { parseLocalInstant } from '../lib/local-instant.ts';

/** How the new instants are given. */
export type RescheduleWay = 'delay' | 'shift-later' | 'shift-earlier' | 'execute_at';

/** What was typed. */
export interface RescheduleForm {
  readonly way: RescheduleWay;
  /** A duration, for all ways but `execute_at`. */
  readonly duration: string;
  /** A local date and time, for `execute_at`. */
  readonly at: string;
  /** A duration, or '' for none. */
  readonly spread: string;
}

export type RescheduleField = 'duration' | 'at' | 'spread';

/** The fields of the request, or what is wrong in which field. */
export type RescheduleReading =
  | { readonly fields: Readonly<Record<string, string>>; readonly errors: null }
  | { readonly fields: null; readonly errors: Readonly<Partial<Record<RescheduleField, string>>> };

const DURATION = 'A duration such as 15m, 2h or 1d12h';

/** @param zone in which `at` is meant */
export function readRescheduleForm(
  { way, duration, at, spread }: RescheduleForm,
  zone: string,
): RescheduleReading {
  const errors: Partial<Record<RescheduleField, string>> = {};
  const fields: Record<string, string> = {};
  if (way === 'execute_at') {
    const instant = parseLocalInstant(at, zone);
    if (instant === undefined) errors.at = 'A date and a time';
    else fields['execute_at'] = new Date(instant).toISOString();
  } else {
    const text = duration.trim();
    const ms = parseDuration(text);
    if (ms === undefined || (ms === 0 && way !== 'delay')) errors.duration = DURATION;
    else if (way === 'delay') fields['delay'] = text;
    else fields['shift'] = way === 'shift-earlier' ? `-${text}` : text;
  }
  const spreadText = spread.trim();
  if (spreadText !== '') {
    if ((parseDuration(spreadText) ?? 0) === 0) errors.spread = `${DURATION}, or nothing`;
    else fields['spread'] = spreadText;
  }
  return Object.keys(errors).length === 0 ? { fields, errors: null } : { fields: null, errors };
}
