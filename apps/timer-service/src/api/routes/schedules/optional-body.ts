import { z } from 'zod';

/** A body that may be absent, which then counts as an empty object. */
export function optionalBody<Schema extends z.ZodType>(schema: Schema) {
  return z.preprocess((body) => body ?? {}, schema);
}
