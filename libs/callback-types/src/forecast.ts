import { z } from 'zod';
import { countSchema } from './count.ts';
import { durationSchema, parseDuration } from './duration.ts';
import { dateTime, instant } from './instant.ts';
import { LIMITS } from './limits.ts';
import { EXAMPLE_FORECAST } from './operation-examples.ts';

/** Query of `GET /forecast`. */
export const forecastQuerySchema = z.strictObject({
  until: z
    .string()
    .default('1h')
    .superRefine((text, context) => {
      const schema = parseDuration(text) === undefined ? dateTime : durationSchema(1_000, LIMITS.forecastMs);
      const { error } = schema.safeParse(text);
      for (const { message } of error?.issues ?? []) context.addIssue({ code: 'custom', message });
    })
    .meta({
      description: 'The end: an instant, or a duration from now. At most 31 days from now. Default: 1h',
      examples: ['1d', '2030-01-31T09:00:00Z'],
    }),
  bucket: durationSchema(1_000, LIMITS.forecastMs)
    .optional()
    .meta({
      description: `Length of a bucket, at most ${LIMITS.forecastBuckets} of them. Default: a 60th of the whole`,
    }),
  by: z.enum(['destination']).optional().meta({ description: 'Also return the numbers of each destination' }),
});
export type ForecastQuery = z.infer<typeof forecastQuerySchema>;

/** What becomes due in one bucket of time. */
export const forecastBucketSchema = z
  .object({
    start: instant,
    pending: z.int().meta({ description: 'Timers that are stored and become due in it' }),
    occurrences: z.int().meta({ description: 'Occurrences of schedules in it that are not stored yet' }),
    estimated: z.boolean().meta({ description: 'false: both numbers are exact' }),
  })
  .meta({ id: 'ForecastBucket' });
export type ForecastBucket = z.infer<typeof forecastBucketSchema>;

/** What becomes due for one destination. */
export const destinationForecastSchema = z
  .object({
    destination: z.string().nullable().meta({ description: 'null: all others together' }),
    total: z.int().meta({ description: 'Stored timers and occurrences, in all buckets' }),
    counts: z.array(z.int()).meta({ description: 'The same for each of the buckets' }),
  })
  .meta({ id: 'DestinationForecast' });
export type DestinationForecast = z.infer<typeof destinationForecastSchema>;

/** How many timers become due when. Timers that are stored, changed or retried later are not in it. */
export const forecastSchema = z
  .object({
    from: instant,
    until: instant,
    bucket_ms: z.int().meta({ description: 'Length of a bucket; the last one may be shorter' }),
    buckets: z.array(forecastBucketSchema),
    by_destination: z
      .array(destinationForecastSchema)
      .nullable()
      .meta({ description: 'The 20 largest, and the others together; null unless requested' }),
    overdue: countSchema.meta({ description: 'Pending timers that were due before from, in no bucket' }),
    paused: countSchema.meta({ description: 'Timers that wait for a paused destination, in no bucket' }),
    exact_until: instant.meta({ description: 'Buckets that end by then are exact' }),
  })
  .meta({ id: 'Forecast', examples: [EXAMPLE_FORECAST] });
export type Forecast = z.infer<typeof forecastSchema>;
