import { expect, test } from '@jest/globals';
import { delivered, retryable } from '../transports/outcome.ts';
import { createMetrics } from './metrics.ts';

function create() {
  return createMetrics({
    load: () => ({ inFlight: 1, queued: 2, waiting: 3, unsettled: 4 }),
    breakerStates: () => ({ closed: 5 }),
    oldestDueAge: () => Promise.resolve(6_000),
    scheduleLag: () => Promise.resolve(7_000),
  });
}

async function linesOf(metrics: ReturnType<typeof create>, name: string): Promise<string[]> {
  const { body } = await metrics.render();
  return body.split('\n').filter((line) => line.startsWith(`${name}{`) || line.startsWith(`${name} `));
}

test('counts attempts by outcome, and does not count them again when it is rendered again', async () => {
  const metrics = create();
  metrics.observer.ended(delivered(200), 5);
  metrics.observer.ended(delivered(200), 5);
  metrics.observer.ended(retryable('status 500'), 5);
  const lines = [
    'timer_attempts_total{outcome="delivered"} 2',
    'timer_attempts_total{outcome="retryable"} 1',
  ];
  expect(await linesOf(metrics, 'timer_attempts_total')).toEqual(lines);
  expect(await linesOf(metrics, 'timer_attempts_total')).toEqual(lines);
  metrics.observer.ended(delivered(200), 5);
  expect(await linesOf(metrics, 'timer_attempts_total')).toContain(
    'timer_attempts_total{outcome="delivered"} 3',
  );
});

test('counts finished timers by status and callback type', async () => {
  const metrics = create();
  const timer = { id: 'timer', attempts: 1, error: null, destination: null, latenessMs: 0, finishedMs: 0 };
  metrics.observer.finished({ ...timer, status: 'completed', callbackType: 'http' });
  metrics.observer.finished({ ...timer, status: 'completed', callbackType: 'nats' });
  metrics.observer.finished({ ...timer, status: 'failed', callbackType: null });
  expect(await linesOf(metrics, 'timer_finished_total')).toEqual([
    'timer_finished_total{status="completed",callback_type="http"} 1',
    'timer_finished_total{status="completed",callback_type="nats"} 1',
    'timer_finished_total{status="failed",callback_type="unreadable"} 1',
  ]);
});

test('reads the load when it is rendered', async () => {
  const metrics = create();
  expect(await linesOf(metrics, 'timer_load')).toContain('timer_load{stage="waiting"} 3');
  expect(await linesOf(metrics, 'timer_oldest_due_age_seconds')).toEqual(['timer_oldest_due_age_seconds 6']);
});

test('counts occurrences of schedules by outcome, of written decisions only', async () => {
  const metrics = create();
  const decision = {
    id: 'a',
    fence: 0,
    occurrences: (['schedule', 'schedule', 'catch_up'] as const).map((origin) => ({
      id: 'timer',
      scheduledForMs: 0,
      executeAtMs: 0,
      origin,
      headers: null,
    })),
    skips: [{ fromMs: 0, untilMs: 1, count: 7, reason: 'missed' }],
    cancelPrevious: false,
    unpause: false,
    cursorMs: 0,
    nextMs: null,
    materializeMs: null,
    bufferedForMs: null,
    catchUpUntilMs: null,
    skippingFromMs: null,
    resumed: null,
    timeZoneData: null,
  } as const;
  metrics.schedules.decided(
    [decision, { ...decision, id: 'lost' }],
    [{ id: 'a', stored: 2, dueMs: 0, canceled: 1 }],
  );
  expect(await linesOf(metrics, 'timer_schedule_occurrences_total')).toEqual([
    'timer_schedule_occurrences_total{outcome="catch_up"} 0',
    'timer_schedule_occurrences_total{outcome="schedule"} 2',
    'timer_schedule_occurrences_total{outcome="existing"} 1',
    'timer_schedule_occurrences_total{outcome="canceled"} 1',
    'timer_schedule_occurrences_total{outcome="skipped_missed"} 7',
  ]);
  expect(await linesOf(metrics, 'timer_schedule_lag_seconds')).toEqual(['timer_schedule_lag_seconds 7']);
});
