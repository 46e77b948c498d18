import type { Attempt, Timer } from '@timer-platform/callback-types';
import { useState } from 'react';
import { Button } from '../../components/button.tsx';
import { Instant } from '../../components/instant.tsx';
import { formatMilliseconds } from '../../lib/format-duration.ts';
import { type TimelineEvent, timelineOf } from './timeline.ts';
import styles from './timer-screen.module.css';

const SIGNS: Readonly<Record<TimelineEvent['kind'], string>> = {
  created: '○',
  due: '◷',
  claimed: '▶',
  sent: '→',
  delivered: '●',
  failed: '✕',
  canceled: '–',
  next: '◷',
  expires: '⊘',
};

/** The course of a timer from top to bottom, with the time that passed between. */
export function Timeline({
  timer,
  attempts,
}: {
  readonly timer: Timer;
  readonly attempts: readonly Attempt[];
}) {
  const [whole, setWhole] = useState(false);
  return (
    <ol className={styles.timeline}>
      {timelineOf(timer, attempts, whole).map((event, index) =>
        event.kind === 'left-out' ? (
          <li key="left-out" className={styles.event}>
            <span />
            <span />
            <Button
              small
              onClick={() => {
                setWhole(true);
              }}
            >
              Show {event.attempts} more attempts
            </Button>
          </li>
        ) : (
          <li
            key={`${index} ${event.kind}`}
            className={styles.event}
            data-kind={event.kind}
            data-future={event.future ? '' : undefined}
          >
            <span className={styles.after}>
              {event.after !== null && `${event.after < 0 ? '' : '+'}${formatMilliseconds(event.after)}`}
            </span>
            <span className={styles.sign} aria-hidden="true">
              {SIGNS[event.kind]}
            </span>
            <span className={styles.what}>
              <span className={styles.label}>{event.label}</span>{' '}
              {event.at !== null && (
                <span className={styles.at}>
                  <Instant at={event.at} precision="millisecond" relative={event.future} />
                </span>
              )}
              {event.detail !== null && <span className={styles.detail}>{event.detail}</span>}
            </span>
          </li>
        ),
      )}
    </ol>
  );
}
