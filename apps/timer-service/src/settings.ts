import { z } from 'zod';

/** An integer variable with inclusive bounds. */
export function integer(min: number, max: number, defaultValue: number) {
  // Number(' ') is 0, which disables some limits.
  return z
    .string()
    .trim()
    .regex(/^[+-]?\d+$/, { error: 'must be a whole number' })
    .transform(Number)
    .pipe(z.number().min(min).max(max))
    .default(defaultValue);
}

/** A boolean variable. */
export function boolean(defaultValue: boolean) {
  return z
    .enum(['true', 'false', '1', '0', 'on', 'off'], { error: 'must be true or false' })
    .transform((text) => text === 'true' || text === '1' || text === 'on')
    .default(defaultValue);
}

/** A variable with a comma-separated list. Spaces around items and empty items are ignored. */
export function commaSeparated() {
  return z
    .string()
    .transform((text) =>
      text
        .split(',')
        .map((item) => item.trim())
        .filter((item) => item !== ''),
    )
    .default([]);
}

/** A variable with a path such as `/console`. A slash at its end is not part of it, so that the root is empty. */
export function urlPath(defaultValue: string) {
  return z
    .string()
    .trim()
    .transform((text) => text.replace(/\/+$/, ''))
    .refine((path) => /^(?:\/(?!\.{1,2}(?:\/|$))[\w.~-]+)*$/.test(path), {
      error:
        'must be a path such as /console: letters, digits, dots, dashes, underscores and tildes between slashes',
    })
    .default(defaultValue);
}
