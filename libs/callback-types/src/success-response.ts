import { z } from 'zod';

/** Body of every success: `code` 0 and the data. */
export function success<Data extends z.ZodType>(data: Data) {
  return z.object({ code: z.literal(0), message: z.string(), data });
}
