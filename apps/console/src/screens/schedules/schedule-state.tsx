import type { ScheduleSummary } from '@timer-platform/callback-types';
import { Instant } from '../../components/instant.tsx';
import { Badge } from '../../components/status-badge.tsx';
import styles from './schedule-state.module.css';

const REASONS = {
  requested: 'paused',
  failures: 'paused after failures',
  unreadable: 'paused: cannot be read',
} as const;

/** Whether a schedule creates occurrences, and why not. */
export function ScheduleState({
  schedule: { paused, ended },
  brief,
}: {
  readonly schedule: ScheduleSummary;
  /** Without the note of a pause. */
  readonly brief?: boolean;
}) {
  if (paused !== null)
    return (
      <div>
        <Badge tone={paused.reason === 'requested' ? 'warn' : 'bad'} sign="‖">
          {REASONS[paused.reason]}
        </Badge>
        {brief !== true && (paused.note !== null || paused.until !== null) && (
          <div className={styles.why} title={paused.note ?? undefined}>
            {paused.until !== null && (
              <>
                until <Instant at={paused.until} precision="minute" />
                {paused.note !== null && ', '}
              </>
            )}
            {paused.note}
          </div>
        )}
      </div>
    );
  if (ended)
    return (
      <Badge tone="idle" sign="■">
        ended
      </Badge>
    );
  return <Badge tone="good">active</Badge>;
}
