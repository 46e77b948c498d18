import { z } from 'zod';

/** The first instant that RFC 3339 cannot represent. */
const YEAR_10000 = Date.UTC(10_000, 0, 1);

/** Characters of an instant: room for more digits of a second than any clock has. */
const MAX_INSTANT_LENGTH = 64;

/** An instant in a request, in the past or in the future. Parsing returns the text unchanged. */
export const dateTime = z.iso
  .datetime({
    offset: true,
    error: 'must be an RFC 3339 date and time with an offset, such as 2030-01-31T09:00:00Z',
  })
  .max(MAX_INSTANT_LENGTH, { error: `must have at most ${MAX_INSTANT_LENGTH} characters` })
  .refine((text) => !(Date.parse(text) >= YEAR_10000), { error: 'must be before the year 10000' });

/**
 * An instant in a response: RFC 3339, UTC, milliseconds. Rows that were written with SQL may have `infinity`, which is
 * never reached, or `-infinity`.
 */
export const instant = z.union([z.iso.datetime(), z.enum(['infinity', '-infinity'])], {
  error: 'must be an RFC 3339 instant in UTC, infinity or -infinity',
});
