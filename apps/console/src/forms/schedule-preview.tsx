import { ErrorNote, Skeleton } from '../components/states.tsx';
import { durationInWords } from '../lib/duration.ts';
import styles from './form.module.css';
import { PreviewTable } from './preview-table.tsx';
import type { Problems } from './problems.ts';
import type { ScheduleForm } from './schedule-form.ts';
import type { Preview } from './use-schedule-preview.ts';

/** What the schedule in the form would do. */
export function SchedulePreviewPanel({
  preview,
  problems,
  form,
}: {
  readonly preview: Preview;
  /** Of the timing. */
  readonly problems: Problems;
  readonly form: ScheduleForm;
}) {
  const { data, error, isStale } = preview;
  return (
    <section className={styles.panel} aria-label="Preview">
      <h2 className={styles.panelTitle}>Next occurrences</h2>
      <p className={styles.words} aria-live="polite">
        {problems.length > 0 ? 'This timing cannot be read yet' : data?.preview.description}
      </p>
      {error !== null && <ErrorNote error={error} />}
      {problems.length === 0 && error === null && data === undefined && <Skeleton lines={6} />}
      {problems.length === 0 && data !== undefined && (
        <PreviewTable data={data} zone={form.timing.timeZone.trim()} stale={isStale} />
      )}
      {form.jitter.trim() !== '' && form.jitter.trim() !== '0s' && (
        <p className={styles.panelTitle}>
          Each is later by the same part of {durationInWords(form.jitter.trim())}, the jitter.
        </p>
      )}
    </section>
  );
}
