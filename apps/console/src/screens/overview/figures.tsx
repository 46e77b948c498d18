import { Link } from '@tanstack/react-router';
import type { LiveStats, Stats } from '@timer-platform/callback-types';
import type { ReactNode } from 'react';
import { Count, Duration } from '../../components/number.tsx';
import { formatNumber } from '../../lib/format-number.ts';
import styles from './overview.module.css';

/** The figures that tell how the service does, at one glance. */
export function Figures({ stats, live }: { readonly stats: Stats; readonly live: LiveStats | null }) {
  const { last_5_minutes: last, dispatchers } = stats;
  const due = live?.due ?? stats.due;
  const executing = live?.executing ?? stats.counts.executing;
  return (
    <dl className={styles.figures}>
      <Figure
        label="Lateness p99"
        note={
          <>
            median <Duration ms={last.lateness_p50_ms} />, 5 min
          </>
        }
      >
        <Duration ms={last.lateness_p99_ms} />
      </Figure>
      <Figure
        label="Oldest due"
        note={
          <>
            <Count value={due.count} estimated={due.estimated} /> due, not claimed
          </>
        }
      >
        {stats.oldest_due_age_ms === null || due.count === 0 ? (
          <span className={styles.calm}>none</span>
        ) : (
          <Duration ms={stats.oldest_due_age_ms} />
        )}
      </Figure>
      <Figure
        label="Delivered"
        note={
          live === null
            ? 'in the last 5 minutes'
            : `${formatNumber(live.delivered_per_second)} per second now`
        }
      >
        <Count value={last.delivered} />
      </Figure>
      <Figure
        label="Failed for good"
        tone={last.failed > 0 ? 'bad' : undefined}
        note={
          <>
            <Count value={last.retried} /> retried, 5 min
          </>
        }
      >
        <Link to="/failures" className={styles.figureLink}>
          <Count value={last.failed} />
        </Link>
      </Figure>
      <Figure label="Executing" note="claimed">
        <Count value={executing.count} estimated={executing.estimated} />
      </Figure>
      <Figure
        label="Dispatchers"
        tone={dispatchers.alive === 0 ? 'bad' : undefined}
        note={
          dispatchers.stalled === 0 ? (
            'none stalled'
          ) : (
            <>
              <Count value={dispatchers.stalled} /> stalled
            </>
          )
        }
      >
        <Link to="/dispatchers" className={styles.figureLink}>
          <Count value={dispatchers.alive} /> <span className={styles.unit}>alive</span>
        </Link>
      </Figure>
    </dl>
  );
}

function Figure({
  label,
  note,
  tone,
  children,
}: {
  readonly label: string;
  readonly note: ReactNode;
  readonly tone?: 'bad' | undefined;
  readonly children: ReactNode;
}) {
  return (
    <div className={styles.figure} data-tone={tone}>
      <dt className={styles.figureLabel}>{label}</dt>
      <dd className={styles.figureValue}>{children}</dd>
      <dd className={styles.figureNote}>{note}</dd>
    </div>
  );
}
