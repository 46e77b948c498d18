import { z } from 'zod';

/** A whole number in a variable. */
export function integer(min: number, max: number, byDefault: number) {
  return z.coerce
    .number({ error: 'must be a whole number' })
    .int({ error: 'must be a whole number' })
    .min(min)
    .max(max)
    .default(byDefault);
}

/** A switch in a variable. */
export function boolean(byDefault: boolean) {
  return z
    .enum(['true', 'false', '1', '0', 'on', 'off'], { error: 'must be true or false' })
    .transform((text) => text === 'true' || text === '1' || text === 'on')
    .default(byDefault);
}

/** A comma-separated list in a variable; spaces around items and empty items do not count. */
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
