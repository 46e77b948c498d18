import {
  type AutomaticPause,
  type Database,
  type DueScheduleRow,
  type DueSchedulesRequest,
  findDueSchedules,
  findUpcomingSchedules,
  materializeOccurrences,
  pauseAutomatically,
  type ReplanResult,
  replanSchedules,
  type ReplanStep,
  type ScheduleDecision,
  type UpcomingSchedule,
  type WrittenDecision,
} from '@timer-platform/database';

/** The statements of a materializer. */
export interface ScheduleStatements {
  readonly findDue: (request: DueSchedulesRequest) => Promise<DueScheduleRow[]>;
  readonly findUpcoming: (limit: number) => Promise<UpcomingSchedule[]>;
  readonly materialize: (decisions: readonly ScheduleDecision[]) => Promise<WrittenDecision[]>;
  readonly pause: (pause: AutomaticPause) => Promise<boolean>;
  readonly replan: (step: ReplanStep) => Promise<ReplanResult>;
}

export function scheduleStatements(db: Database): ScheduleStatements {
  return {
    findDue: (request) => findDueSchedules(db, request),
    findUpcoming: (limit) => findUpcomingSchedules(db, limit),
    materialize: (decisions) => materializeOccurrences(db, decisions),
    pause: (pause) => pauseAutomatically(db, pause),
    replan: (step) => replanSchedules(db, step),
  };
}
