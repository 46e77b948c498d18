import { Counter, type Registry } from 'prom-client';
import type { ScheduleObserver } from '../materialize/schedule-observer.ts';

/** Counts what a materializer does. */
export function scheduleMetrics(registry: Registry): Pick<ScheduleObserver, 'decided' | 'lost' | 'paused'> {
  const registers = [registry];
  const occurrences = new Counter({
    name: 'timer_schedule_occurrences_total',
    help: 'Occurrences by outcome: stored (schedule, catch_up), existing, canceled by the next one, or skipped with the reason',
    labelNames: ['outcome'] as const,
    registers,
  });
  const lost = new Counter({
    name: 'timer_schedule_decisions_lost_total',
    help: 'Decisions about a schedule without effect, because another dispatcher or a change was earlier',
    registers,
  });
  const paused = new Counter({
    name: 'timer_schedules_paused_total',
    help: 'Schedules that the service paused, after failures or because they are unreadable',
    labelNames: ['reason'] as const,
    registers,
  });
  return {
    decided: (decisions, written) => {
      const byId = new Map(written.map((each) => [each.id, each]));
      for (const decision of decisions) {
        const result = byId.get(decision.id);
        if (result === undefined) continue;
        const catchUps = decision.occurrences.filter(({ origin }) => origin === 'catch_up').length;
        const existing = decision.occurrences.length - result.stored;
        // Which of them exist is not known: those of a catch-up are more likely to.
        const storedCatchUps = Math.max(0, catchUps - existing);
        occurrences.inc({ outcome: 'catch_up' }, storedCatchUps);
        occurrences.inc({ outcome: 'schedule' }, result.stored - storedCatchUps);
        occurrences.inc({ outcome: 'existing' }, existing);
        occurrences.inc({ outcome: 'canceled' }, result.canceled);
        for (const { reason, count } of decision.skips)
          occurrences.inc({ outcome: `skipped_${reason}` }, count);
      }
    },
    lost: (schedules) => {
      lost.inc(schedules);
    },
    paused: (_, reason) => {
      paused.inc({ reason });
    },
  };
}
