import { z } from 'zod';
import { instant } from './instant.ts';

/** Why an occurrence exists: the values of the header `timer-origin`. */
export const ORIGINS = ['schedule', 'catch_up', 'backfill', 'trigger'] as const;
/** Why an occurrence exists. */
export type Origin = (typeof ORIGINS)[number];
export const originSchema = z.enum(ORIGINS).meta({
  description:
    'schedule: in time; catch_up: missed at its instant; backfill and trigger: requested by a client',
});

/** What a timer that is an occurrence of a schedule has in addition. Absent from every other timer. */
export const occurrenceFields = {
  schedule_id: z.guid().optional().meta({ description: 'The schedule whose occurrence the timer is' }),
  schedule_key: z
    .string()
    .nullable()
    .optional()
    .meta({ description: 'The key of that schedule; null if it has been deleted' }),
  scheduled_for: instant.optional().meta({
    description:
      'The instant that the schedule names; execute_at is later if it was missed, or by the jitter',
  }),
  origin: originSchema.optional(),
};
