import type { Schedule } from '@timer-platform/callback-types';
import { ErrorNote, Skeleton } from '../../components/states.tsx';
import { PreviewTable } from '../../forms/preview-table.tsx';
import { timingOfStored } from '../../forms/schedule-form.ts';
import { useSchedulePreview } from '../../forms/use-schedule-preview.ts';
import { durationInWords } from '../../lib/duration.ts';
import styles from './schedule-screen.module.css';

/** The next ten occurrences of a stored schedule. */
export function NextOccurrences({ schedule }: { readonly schedule: Schedule }) {
  const timing = schedule.ended ? undefined : timingOfStored(schedule);
  const preview = useSchedulePreview(timing, {
    from: schedule.paused?.until ?? undefined,
    version: schedule.next_at,
  });
  if (timing === undefined)
    return (
      <p className="muted">
        {schedule.ended ? 'It has ended: there will be no other.' : 'Unknown, as the timing cannot be read.'}
      </p>
    );
  return (
    <div className={styles.panel}>
      <ErrorNote error={preview.error} />
      {preview.problems.map(({ path, message }) => (
        <p key={path} className="muted">
          {path}: {message}
        </p>
      ))}
      {preview.data === undefined ? (
        preview.error === null && preview.problems.length === 0 && <Skeleton lines={10} />
      ) : (
        <PreviewTable data={preview.data} zone={schedule.time_zone} stale={false} />
      )}
      {schedule.jitter !== '0s' && (
        <span className="muted">
          Each is due later by the same part of {durationInWords(schedule.jitter)}, the jitter.
        </span>
      )}
    </div>
  );
}
