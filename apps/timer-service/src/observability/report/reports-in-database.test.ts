import { randomUUID } from 'node:crypto';
import { afterEach, expect, test } from '@jest/globals';
import {
  acquireLease,
  connect,
  dispatcherReportSchema,
  writeDispatcherReport,
} from '@timer-platform/database';
import { withTestDatabase } from '@timer-platform/test-support/jest';
import { systemClock } from '../../clock.ts';
import { processTimeline } from '../../dispatch/process-timeline.ts';
import { delivered } from '../../transports/outcome.ts';
import { ActivityRecorder } from './activity-recorder.ts';
import { createReportLoop } from './create-report-loop.ts';
import type { ReportLoop } from './report-loop.ts';

const database = withTestDatabase({
  open: (url, onIdleError) =>
    connect({ url, applicationName: 'report.test', poolSize: 2, byIndexOnly: true, onIdleError }),
});
const loops: ReportLoop[] = [];
afterEach(async () => {
  await Promise.all(loops.splice(0).map((loop) => loop.stop()));
  await database.query('TRUNCATE dispatchers, dispatch_minutes CASCADE');
});

function start(id: string): ActivityRecorder {
  const timeline = processTimeline(systemClock);
  const nowMs = systemClock.monotonicMs();
  timeline.databaseClock.observe({ sentMs: nowMs, receivedMs: nowMs, databaseMs: Date.now() });
  const recorder = new ActivityRecorder(nowMs, () => Date.now());
  const loop = createReportLoop({
    db: database.db,
    dispatcher: {
      id,
      load: { inFlight: 1, queued: 0, waiting: 0, unsettled: 0 },
      problem: undefined,
      destinationLoads: () => [],
    },
    recorder,
    process: {
      name: 'host:1',
      pid: 1,
      node: 'v20',
      service: '1.0.0',
      startedMs: Date.now(),
      maxInFlight: 10,
    },
    clock: systemClock,
    timeline,
    onError: (error) => {
      throw error;
    },
  });
  loops.push(loop);
  loop.start();
  return recorder;
}

async function until<Row extends object>(text: string, condition: (rows: Row[]) => boolean): Promise<Row[]> {
  for (;;) {
    const { rows } = await database.query<Row & Record<string, unknown>>(text);
    if (condition(rows)) return rows;
  }
}

test('a dispatcher writes its report, and what it has done in the minute', async () => {
  const id = randomUUID();
  await acquireLease(database.db, id, 'test');
  const recorder = start(id);
  await until('SELECT FROM dispatcher_reports', (rows) => rows.length === 1);
  recorder.started(7);
  recorder.ended(delivered(200), 5, 'http://a');
  const timer = { id, status: 'completed' as const, callbackType: 'http' as const, destination: 'http://a' };
  recorder.finished({ ...timer, error: null, attempts: 1, latenessMs: 7, finishedMs: Date.now() });
  const [row] = await until<{ report: unknown }>('SELECT report FROM dispatcher_reports', ([first]) =>
    JSON.stringify(first).includes('http://a'),
  );
  const report = dispatcherReportSchema.parse(row?.report);
  expect(report.destinations).toMatchObject([{ destination: 'http://a', breaker: 'closed' }]);
  expect(report.sample).toMatchObject([{ id, lateness_ms: 7 }]);
  const minutes = await until<{ delivered: string | null; late: string | null }>(
    `SELECT sum(delivered) AS delivered, (SELECT sum(n) FROM dispatch_minutes, unnest(lateness) AS n) AS late
     FROM dispatch_minutes`,
    ([first]) => first?.delivered !== null,
  );
  expect(minutes).toEqual([{ delivered: '1', late: '1' }]);
});

test('old minutes are deleted, also those of processes that are gone', async () => {
  await database.query(
    `INSERT INTO dispatch_minutes
     SELECT now() - hours * interval '1 hour', gen_random_uuid(), 1, 0, 0, 0, '{}' FROM (VALUES (24), (26), (99)) AS old (hours)`,
  );
  const id = randomUUID();
  await acquireLease(database.db, id, 'test');
  start(id);
  expect(await until('SELECT delivered FROM dispatch_minutes', (rows) => rows.length < 3)).toHaveLength(1);
});

test('a dispatcher without a lease has no report, and that is no error', async () => {
  const load = { in_flight: 0, held: 0, waiting: 0, unsettled: 0, max_in_flight: 1 };
  const description = {
    version: 1 as const,
    name: 'host:1',
    pid: 1,
    started_at: '2026-01-01T00:00:00Z',
    node: 'v20',
    service: '1.0.0',
  };
  const report = { ...description, load, problem: 'no lease \u0000', destinations: [], sample: [] };
  await writeDispatcherReport(database.db, randomUUID(), report);
  const id = randomUUID();
  await acquireLease(database.db, id, 'test');
  await writeDispatcherReport(database.db, id, report);
  const { rows } = await database.query('SELECT dispatcher FROM dispatcher_reports');
  expect(rows).toEqual([{ dispatcher: id }]);
});
