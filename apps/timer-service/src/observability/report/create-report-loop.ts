import { randomUUID } from 'node:crypto';
import {
  type Database,
  pruneDispatchMinutes,
  writeDispatcherReport,
  writeDispatchMinutes,
} from '@timer-platform/database';
import type { Clock } from '../../clock.ts';
import type { Dispatcher } from '../../dispatch/dispatcher.ts';
import type { Timeline } from '../../timeline.ts';
import type { ActivityRecorder } from './activity-recorder.ts';
import { buildReport, type ProcessDescription } from './build-report.ts';
import { ReportLoop } from './report-loop.ts';

export interface ReportContext {
  readonly db: Database;
  readonly dispatcher: Pick<Dispatcher, 'id' | 'load' | 'problem' | 'destinationLoads'>;
  readonly recorder: ActivityRecorder;
  readonly process: ProcessDescription;
  /** Of the process. */
  readonly clock: Clock;
  readonly timeline: Timeline;
  readonly onError: (error: unknown) => void;
}

/** How long the minutes are kept. */
const KEEP_HOURS = 25;

/** The loop that writes the reports of a dispatcher to the database. */
export function createReportLoop(context: ReportContext): ReportLoop {
  const { db, dispatcher, recorder, clock, timeline, onError } = context;
  // Not that of the lease: a dispatcher may get another, and would count what it has written twice.
  const processId = randomUUID();
  const databaseMs = () => timeline.databaseClock.at(timeline.clock.monotonicMs());
  return new ReportLoop({
    statements: {
      writeReport: (report) => writeDispatcherReport(db, dispatcher.id, report),
      writeMinutes: (minutes) => writeDispatchMinutes(db, processId, minutes),
      pruneMinutes: () => pruneDispatchMinutes(db, KEEP_HOURS),
    },
    recorder,
    buildReport: () =>
      buildReport({
        process: context.process,
        load: dispatcher.load,
        problem: dispatcher.problem,
        loads: dispatcher.destinationLoads(),
        names: recorder.destinations.names(),
        ratesOf: (destination) => recorder.destinations.ratesOf(destination, clock.monotonicMs()),
        sample: recorder.sample.list(),
        now: { monotonicMs: timeline.clock.monotonicMs(), databaseMs: databaseMs() },
      }),
    monotonicMs: () => clock.monotonicMs(),
    databaseMs,
    onError,
  });
}
