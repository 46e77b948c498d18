import { z } from 'zod';
import { LIMITS } from './limits.ts';

const UNIT_MS = { ms: 1, s: 1_000, m: 60_000, h: 3_600_000, d: 86_400_000 } as const;
type Unit = keyof typeof UNIT_MS;

const DURATION = /^(?:\d{1,15}(?:ms|s|m|h|d))+$/;
const PART = /(\d+)(ms|s|m|h|d)/g;

/**
 * Parses a duration such as `250ms`, `90s` or `1d12h30m`: integers with the units ms, s, m, h and d, added up. Returns
 * milliseconds, or `undefined` if the text is not a duration.
 */
export function parseDuration(text: string): number | undefined {
  if (!DURATION.test(text)) return undefined;
  let total = 0;
  for (const [, amount, unit] of text.matchAll(PART)) total += Number(amount) * UNIT_MS[unit as Unit];
  return total;
}

/**
 * The text of a duration in whole milliseconds, with the largest units that fit: `1d12h`, `1m30s`, `0s`. The inverse of
 * {@link parseDuration}.
 */
export function formatDuration(ms: number): string {
  if (ms === 0) return '0s';
  let rest = ms;
  let text = '';
  for (const unit of ['d', 'h', 'm', 's', 'ms'] as const) {
    const amount = Math.floor(rest / UNIT_MS[unit]);
    if (amount > 0) text += `${amount}${unit}`;
    rest -= amount * UNIT_MS[unit];
  }
  return text;
}

/**
 * Parses a duration that may be negative, such as `-15m`. Returns milliseconds, or `undefined` if the text is not one.
 */
export function parseSignedDuration(text: string): number | undefined {
  if (!text.startsWith('-')) return parseDuration(text);
  const ms = parseDuration(text.slice(1));
  return ms === undefined ? undefined : -ms;
}

/** The text of a duration from `minMs` to `maxMs`. Parsing returns the text unchanged. */
export function durationSchema(minMs = 1, maxMs: number = LIMITS.delayMs) {
  return z
    .string()
    .max(64)
    .regex(DURATION, { error: 'must be a duration such as "250ms", "90s" or "1d12h"' })
    .superRefine((text, context) => {
      const ms = parseDuration(text);
      if (ms !== undefined && (ms < minMs || ms > maxMs))
        context.addIssue({
          code: 'custom',
          message: `must be between ${minMs} ms and ${maxMs} ms, got ${ms} ms`,
        });
    })
    .meta({
      description: 'Whole numbers with the units ms, s, m, h and d, added up',
      examples: ['250ms', '90s', '1d12h'],
    });
}
