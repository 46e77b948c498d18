import { z } from 'zod';
import { LIMITS } from './limits.ts';

const UNIT_MS = { ms: 1, s: 1_000, m: 60_000, h: 3_600_000, d: 86_400_000 } as const;
type Unit = keyof typeof UNIT_MS;

const DURATION = /^(?:\d{1,15}(?:ms|s|m|h|d))+$/;
const PART = /(\d+)(ms|s|m|h|d)/g;

/**
 * Milliseconds of a duration such as `250ms`, `90s` or `1d12h30m`: whole numbers with units ms, s, m, h, d, added up.
 * `undefined` when the text is not one.
 */
export function parseDuration(text: string): number | undefined {
  if (!DURATION.test(text)) return undefined;
  let total = 0;
  for (const [, amount, unit] of text.matchAll(PART)) total += Number(amount) * UNIT_MS[unit as Unit];
  return total;
}

/** A duration between `minMs` and `maxMs`; stays the text that was given. */
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
          message: `must be between ${minMs} ms and ${maxMs} ms, is ${ms} ms`,
        });
    })
    .meta({
      description: 'Whole numbers with units ms, s, m, h, d, added up',
      examples: ['250ms', '90s', '1d12h'],
    });
}
