import { z } from 'zod';
import { parseSignedDuration } from './duration.ts';
import { LIMITS } from './limits.ts';

/** The text of a duration that may be negative, up to 100 years. Parsing returns the text unchanged. */
export const signedDurationSchema = z
  .string()
  .max(64)
  .regex(/^-?(?:\d{1,15}(?:ms|s|m|h|d))+$/, { error: 'must be a duration such as "2h" or "-15m"' })
  .superRefine((text, context) => {
    const ms = parseSignedDuration(text);
    if (ms !== undefined && Math.abs(ms) > LIMITS.delayMs)
      context.addIssue({ code: 'custom', message: `must be at most ${LIMITS.delayMs} ms, got ${ms} ms` });
  });
