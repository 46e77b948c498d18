import type { Schedule } from '@timer-platform/callback-types';
import { Instant } from '../../components/instant.tsx';
import styles from './schedule-screen.module.css';

/** Why a schedule creates no occurrences, since when and until when. */
export function PauseNote({ schedule: { paused, pause_after_failures } }: { readonly schedule: Schedule }) {
  if (paused === null) return null;
  return (
    <div className={styles.pause} data-bad={paused.reason === 'requested' ? undefined : ''}>
      <p>
        <strong>
          {paused.reason === 'requested' && 'Paused'}
          {paused.reason === 'failures' &&
            `Paused by itself: ${pause_after_failures ?? ''} occurrences in a row failed`}
          {paused.reason === 'unreadable' && 'Paused by the service, which cannot read it'}
        </strong>{' '}
        since <Instant at={paused.since} relative />.{' '}
        {paused.until === null ? (
          'It resumes when somebody resumes it.'
        ) : (
          <>
            It resumes by itself at <Instant at={paused.until} relative />.
          </>
        )}
      </p>
      {paused.note !== null && <p>“{paused.note}”</p>}
    </div>
  );
}
