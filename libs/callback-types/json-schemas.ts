import { z } from 'zod';
import {
  attemptSchema,
  backfillScheduleRequestSchema,
  bulkResultSchema,
  callbackConfigSchema,
  cancelTimersRequestSchema,
  createTimerRequestSchema,
  createTimersRequestSchema,
  destinationSchema,
  dispatcherSchema,
  errorResponseSchema,
  forecastSchema,
  liveDestinationsSchema,
  liveStatsSchema,
  liveTimersSchema,
  occurrenceSchema,
  operatorActionSchema,
  pauseDestinationRequestSchema,
  pauseScheduleRequestSchema,
  previewScheduleRequestSchema,
  putScheduleRequestSchema,
  putTimerRequestSchema,
  rescheduleTimersRequestSchema,
  resumeScheduleRequestSchema,
  retryPolicySchema,
  retryTimersRequestSchema,
  runTimersRequestSchema,
  scheduleBackfillSchema,
  schedulePreviewSchema,
  scheduleSchema,
  scheduleSummarySchema,
  statsSchema,
  timerSchema,
  timerSummarySchema,
  updateDestinationRequestSchema,
  updateTimerRequestSchema,
} from './src/index.ts';

const published = {
  attempt: attemptSchema,
  'backfill-schedule-request': backfillScheduleRequestSchema,
  'bulk-result': bulkResultSchema,
  'callback-config': callbackConfigSchema,
  'cancel-timers-request': cancelTimersRequestSchema,
  'create-timer-request': createTimerRequestSchema,
  'create-timers-request': createTimersRequestSchema,
  destination: destinationSchema,
  dispatcher: dispatcherSchema,
  'error-response': errorResponseSchema,
  forecast: forecastSchema,
  'live-destinations': liveDestinationsSchema,
  'live-stats': liveStatsSchema,
  'live-timers': liveTimersSchema,
  occurrence: occurrenceSchema,
  'pause-destination-request': pauseDestinationRequestSchema,
  'operator-action': operatorActionSchema,
  'pause-schedule-request': pauseScheduleRequestSchema,
  'preview-schedule-request': previewScheduleRequestSchema,
  'put-schedule-request': putScheduleRequestSchema,
  'put-timer-request': putTimerRequestSchema,
  'reschedule-timers-request': rescheduleTimersRequestSchema,
  'resume-schedule-request': resumeScheduleRequestSchema,
  'retry-policy': retryPolicySchema,
  'retry-timers-request': retryTimersRequestSchema,
  'run-timers-request': runTimersRequestSchema,
  schedule: scheduleSchema,
  'schedule-backfill': scheduleBackfillSchema,
  'schedule-preview': schedulePreviewSchema,
  'schedule-summary': scheduleSummarySchema,
  stats: statsSchema,
  timer: timerSchema,
  'timer-summary': timerSummarySchema,
  'update-destination-request': updateDestinationRequestSchema,
  'update-timer-request': updateTimerRequestSchema,
};

const COMMENT =
  'Generated from the zod schemas of @timer-platform/callback-types. The service also checks sizes in bytes, reserved headers, Unicode and rules across fields.';

/**
 * Returns the text of each published JSON Schema (draft 2020-12) by its file name. The schemas describe input: fields
 * with a default are optional. Responses may gain fields.
 */
export function jsonSchemaFiles(): ReadonlyMap<string, string> {
  return new Map(
    Object.entries(published).map(([name, schema]) => [`${name}.schema.json`, jsonSchema(name, schema)]),
  );
}

type JsonSchemaExamples = NonNullable<z.core.JSONSchema.BaseSchema['examples']>;

function jsonSchema(name: string, schema: z.ZodType): string {
  const {
    $schema,
    $ref,
    $defs: definitions,
    ...inline
  } = z.toJSONSchema(schema, {
    io: 'input',
    unrepresentable: 'any',
    override: ({ zodSchema, jsonSchema }) => {
      // zod removes those of schemas with a default or a preprocessing step. Ours are valid as input.
      const examples = z.globalRegistry.get(zodSchema)?.['examples'];
      if (examples !== undefined) jsonSchema.examples ??= examples as JsonSchemaExamples;
    },
  });
  // For a schema with an id, zod generates a definition and a reference to it at the root.
  const title = $ref?.replace('#/$defs/', '') ?? name;
  const { [title]: body = inline, ...$defs } = definitions ?? {};
  const document = {
    $schema,
    $id: `urn:timer-platform:callback-types:${name}`,
    $comment: COMMENT,
    title,
    ...body,
    ...(Object.keys($defs).length > 0 && { $defs }),
  };
  return `${JSON.stringify(document, undefined, 2)}\n`;
}
