import { z } from 'zod';
import { errorReasonSchema } from './error-reason.ts';
import { EXAMPLE_ERROR } from './timer-examples.ts';
import { timerStateSchema } from './timer-state.ts';

/** What is wrong in a request, and where: a dotted path into its body, path, query or headers. */
export const validationIssueSchema = z
  .object({ path: z.string(), message: z.string() })
  .meta({ id: 'ValidationIssue' });
export type ValidationIssue = z.infer<typeof validationIssueSchema>;

/** Body of every error response. */
export const errorResponseSchema = z
  .object({
    code: z.int().positive(),
    message: z.string(),
    data: z.null(),
    errors: z.array(validationIssueSchema).optional(),
    reason: errorReasonSchema.optional().meta({
      description: 'Why, where a program may want to tell errors with the same code apart',
    }),
    status: timerStateSchema
      .optional()
      .meta({ description: 'The status of the timer, with the reasons not_pending and not_failed' }),
  })
  .meta({ id: 'ErrorResponse', examples: [EXAMPLE_ERROR] });
export type ErrorResponse = z.infer<typeof errorResponseSchema>;
