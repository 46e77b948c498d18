import { z } from 'zod';

/** An integer in a query string, where every value is text. */
export function queryInteger(min: number, max: number, defaultValue: number) {
  const number = z
    .int({ error: ({ code }) => (code === 'invalid_type' ? 'must be a whole number' : undefined) })
    .min(min)
    .max(max)
    .default(defaultValue);
  return z.preprocess(
    (value) => (typeof value === 'string' && /^\d{1,15}$/.test(value) ? Number(value) : value),
    number,
  );
}
