import { z } from 'zod';
import { destinationNameSchema } from './destination-name.ts';
import { LIMITS } from './limits.ts';
import { noteSchema } from './note.ts';
import {
  EXAMPLE_PAUSE_DESTINATION_REQUEST,
  EXAMPLE_UPDATE_DESTINATION_REQUEST,
} from './operation-examples.ts';
import { runOnInvalidFields } from './run-on-invalid-fields.ts';

/** `:key` in the path of a destination: its name, percent-encoded. */
export const destinationParamsSchema = z.strictObject({ key: destinationNameSchema });

/** Body of `POST /destinations/:key/pause`. */
export const pauseDestinationRequestSchema = z
  .strictObject({ note: noteSchema.nullish().meta({ description: 'Why, for people' }) })
  .meta({ id: 'PauseDestinationRequest', examples: [EXAMPLE_PAUSE_DESTINATION_REQUEST] });
export type PauseDestinationRequest = z.infer<typeof pauseDestinationRequestSchema>;

/** Body of `POST /destinations/:key/resume`. */
export const resumeDestinationRequestSchema = z.strictObject({}).meta({ id: 'ResumeDestinationRequest' });
export type ResumeDestinationRequest = z.infer<typeof resumeDestinationRequestSchema>;

/** Body of `PATCH /destinations/:key`: null removes a limit, an absent field keeps it. */
export const updateDestinationRequestSchema = z
  .strictObject({
    rate_per_second: z.number().min(LIMITS.minRatePerSecond).max(LIMITS.maxRatePerSecond).nullish().meta({
      description: 'Attempts that may start per second, by all dispatchers together. null: no limit',
    }),
    max_in_flight: z
      .int()
      .min(1)
      .max(LIMITS.maxInFlight)
      .nullish()
      .meta({ description: 'Attempts that may be under way, by all dispatchers together. null: no limit' }),
  })
  .superRefine(
    (fields: { readonly rate_per_second?: unknown; readonly max_in_flight?: unknown }, context) => {
      if (fields.rate_per_second === undefined && fields.max_in_flight === undefined)
        context.addIssue({ code: 'custom', message: 'must have rate_per_second or max_in_flight' });
    },
    runOnInvalidFields,
  )
  .meta({ id: 'UpdateDestinationRequest', examples: [EXAMPLE_UPDATE_DESTINATION_REQUEST] });
export type UpdateDestinationRequest = z.infer<typeof updateDestinationRequestSchema>;
