import type {
  BackfillScheduleRequest,
  ListOccurrencesQuery,
  ListSchedulesQuery,
  PauseScheduleRequest,
  PreviewScheduleRequest,
  PutScheduleRequest,
  ResumeScheduleRequest,
} from '@timer-platform/callback-types';
import type { CallOptions } from './options.ts';

/** A request of the API as the client takes it: the named fields may also be a `Date`, those with a default may be absent. */
export type ScheduleRequest<
  Request,
  Instants extends keyof Request,
  Defaults extends keyof Request = never,
> = Omit<Request, Instants | Defaults> & { readonly [Name in Instants]: Request[Name] | Date } & {
  readonly [Name in Defaults]?: Request[Name] | undefined;
};

/** A schedule to store: `cron` or `every`, `callback`, and what else the API accepts. What is absent has its default. */
export type NewSchedule = ScheduleRequest<PutScheduleRequest, 'start_at' | 'end_at'>;

/** When a schedule occurs, and what else it has besides its callback. */
export type ScheduleTerms = Omit<NewSchedule, 'callback'>;

/** The timing of a schedule, and which of its occurrences to compute. */
export type PreviewRequest = ScheduleRequest<PreviewScheduleRequest, 'start_at' | 'end_at' | 'from', 'count'>;

/** Why a schedule is paused, and until when. */
export type PauseRequest = ScheduleRequest<PauseScheduleRequest, 'until'>;

/** Which of the occurrences of the pause are made up for: by default none. */
export type ResumeRequest = ScheduleRequest<ResumeScheduleRequest, never, 'catch_up'>;

/** Which occurrences to create. */
export type BackfillRequest = ScheduleRequest<BackfillScheduleRequest, 'from' | 'to', 'dry_run'>;

/** Which schedules to list, in the order of their keys. `limit` is the size of a page. */
export type ScheduleQuery = {
  readonly [Name in keyof ListSchedulesQuery]?: ListSchedulesQuery[Name] | undefined;
};

/** Which page of occurrences to list. */
export type OccurrenceQuery = {
  readonly [Name in keyof ListOccurrencesQuery]?: ListOccurrencesQuery[Name] | undefined;
};

export interface PutScheduleOptions extends CallOptions {
  /** Refuse unless the schedule has this revision: nobody has changed it since it was read. */
  readonly ifRevision?: number | undefined;
  /** Refuse if there is a schedule with this key. */
  readonly ifNew?: boolean | undefined;
}

/** The condition of a put, as headers. */
export function conditionOf({ ifRevision, ifNew }: PutScheduleOptions): Record<string, string> {
  return {
    ...(ifRevision !== undefined && { 'if-match': `"${ifRevision}"` }),
    ...(ifNew === true && { 'if-none-match': '*' }),
  };
}
