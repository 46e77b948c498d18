import { Link } from '@tanstack/react-router';
import type { LiveTimer, LiveTimers } from '@timer-platform/callback-types';
import { useState } from 'react';
import { useLiveEvent, useLiveState } from '../../api/live.ts';
import { Instant } from '../../components/instant.tsx';
import { Duration } from '../../components/number.tsx';
import { Section } from '../../components/page.tsx';
import { Badge, type Tone } from '../../components/status-badge.tsx';
import styles from './overview.module.css';

const MAX_SHOWN = 12;
const TONES: Readonly<Record<LiveTimer['status'], Tone>> = {
  completed: 'good',
  failed: 'bad',
  retried: 'warn',
};

/** Attempts as they end: a sample, when there are many. */
export function LiveTimersSection() {
  const [timers, setTimers] = useState<readonly LiveTimer[]>([]);
  const live = useLiveState();
  useLiveEvent<LiveTimers>('timers', (event) =>
    setTimers((shown) => [...event.timers].reverse().concat(shown).slice(0, MAX_SHOWN)),
  );
  return (
    <Section title="Attempts that just ended" aside={<span className="muted">a sample, live</span>}>
      <div className={styles.card}>
        {timers.length === 0 ? (
          <p className={styles.nothing}>
            {live === 'live'
              ? 'None since this page was opened.'
              : 'Shown while events of the service arrive.'}
          </p>
        ) : (
          <ul className={styles.stream}>
            {timers.map((timer) => (
              <li key={`${timer.id} ${timer.at}`} className={styles.streamRow}>
                <Instant at={timer.at} timeOnly />
                <Badge tone={TONES[timer.status]}>{timer.status}</Badge>
                <Link to="/timers/$id" params={{ id: timer.id }} className={styles.streamTarget}>
                  {timer.destination}
                </Link>
                <span className={styles.streamEnd}>
                  {timer.error === null ? (
                    <Duration ms={timer.lateness_ms} />
                  ) : (
                    <span className={styles.streamError} title={timer.error}>
                      {timer.error}
                    </span>
                  )}
                </span>
              </li>
            ))}
          </ul>
        )}
      </div>
    </Section>
  );
}
