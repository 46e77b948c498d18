import { z } from 'zod';

/** A number of timers, which a large table does not count one by one. */
export const countSchema = z
  .object({
    count: z.int().nonnegative(),
    estimated: z.boolean().meta({ description: 'false: the number is exact' }),
  })
  .meta({ id: 'Count' });
export type Count = z.infer<typeof countSchema>;
