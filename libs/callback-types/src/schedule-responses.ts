import { z } from 'zod';
import {
  occurrenceSchema,
  scheduleBackfillSchema,
  schedulePreviewSchema,
  scheduleSchema,
  scheduleSummarySchema,
  withdrawalFields,
} from './schedule.ts';
import { success } from './success-response.ts';

const nextCursor = z.string().nullable().meta({ description: 'null on the last page' });

/** `GET /schedules/:key` and `POST /schedules/:key/resume`. */
export const scheduleResponseSchema = success(scheduleSchema);
/** `PUT /schedules/:key`. */
export const putScheduleResponseSchema = success(
  scheduleSchema
    .extend({
      changed: z.boolean().meta({ description: 'false: the schedule had this content, nothing was done' }),
      ...withdrawalFields,
    })
    .meta({ id: 'PutSchedule' }),
);
/** `POST /schedules/:key/pause`. */
export const pauseScheduleResponseSchema = success(
  scheduleSchema.extend(withdrawalFields).meta({ id: 'PausedSchedule' }),
);
/** `DELETE /schedules/:key`. */
export const deleteScheduleResponseSchema = success(
  z.object({ key: z.string(), id: z.guid(), ...withdrawalFields }).meta({ id: 'DeletedSchedule' }),
);
/** `GET /schedules`. */
export const scheduleListResponseSchema = success(
  z.object({ schedules: z.array(scheduleSummarySchema), next_cursor: nextCursor }),
);
/** `POST /schedules/preview`. */
export const previewScheduleResponseSchema = success(schedulePreviewSchema);
/** `POST /schedules/:key/backfill`. */
export const backfillScheduleResponseSchema = success(scheduleBackfillSchema);
/** `GET /schedules/:key/occurrences`. */
export const occurrenceListResponseSchema = success(
  z.object({ occurrences: z.array(occurrenceSchema), next_cursor: nextCursor }),
);

export type ScheduleResponse = z.infer<typeof scheduleResponseSchema>;
export type PutScheduleResponse = z.infer<typeof putScheduleResponseSchema>;
export type PauseScheduleResponse = z.infer<typeof pauseScheduleResponseSchema>;
export type DeleteScheduleResponse = z.infer<typeof deleteScheduleResponseSchema>;
export type ScheduleListResponse = z.infer<typeof scheduleListResponseSchema>;
export type PreviewScheduleResponse = z.infer<typeof previewScheduleResponseSchema>;
export type BackfillScheduleResponse = z.infer<typeof backfillScheduleResponseSchema>;
export type OccurrenceListResponse = z.infer<typeof occurrenceListResponseSchema>;
