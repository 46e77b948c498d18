import { z } from 'zod';
import { countSchema } from './count.ts';
import { instant } from './instant.ts';
import { EXAMPLE_STATS } from './operation-examples.ts';

const lateness = (part: string) =>
  z
    .number()
    .nullable()
    .meta({
      description: `${part} of the time from the due instant to the start of the attempt; null without attempts`,
    });

const attemptFields = {
  delivered: z.int(),
  retried: z.int().meta({ description: 'Attempts that failed and are retried' }),
  failed: z.int().meta({ description: 'Timers that failed' }),
  lateness_p50_ms: lateness('Median'),
  lateness_p99_ms: lateness('99th percentile'),
};

/** What all dispatchers did in one minute. */
export const statsMinuteSchema = z
  .object({
    minute: instant.meta({ description: 'Its start' }),
    ...attemptFields,
    deferred: z.int().meta({
      description: 'Timers put back because their destination was unavailable, too slow or at its limit',
    }),
  })
  .meta({ id: 'StatsMinute' });
export type StatsMinute = z.infer<typeof statsMinuteSchema>;

/** How many timers there are by state, how late they are, and what the dispatchers did in the last hour. */
export const statsSchema = z
  .object({
    now: instant.meta({ description: 'When this was true, by the clock of the database' }),
    counts: z.object({
      pending: countSchema.meta({
        description: 'Without those that are executing; with those of paused destinations',
      }),
      executing: countSchema,
      completed: countSchema,
      failed: countSchema,
      canceled: countSchema,
      paused: countSchema.meta({
        description: 'Of the pending ones, those that are due and wait for a paused destination',
      }),
    }),
    due: countSchema.meta({
      description: 'Pending timers whose instant has come and that no dispatcher holds',
    }),
    oldest_due_age_ms: z
      .number()
      .nullable()
      .meta({ description: 'How long the first of them has been due; null: there is none' }),
    minutes: z
      .array(statsMinuteSchema)
      .meta({ description: 'The last 60 minutes, oldest first, with the current one' }),
    last_5_minutes: z.object(attemptFields),
    dispatchers: z.object({ alive: z.int(), stalled: z.int() }),
  })
  .meta({ id: 'Stats', examples: [EXAMPLE_STATS] });
export type Stats = z.infer<typeof statsSchema>;
