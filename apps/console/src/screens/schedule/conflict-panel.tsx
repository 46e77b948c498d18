import { useEffect, useRef } from 'react';
import { Button } from '../../components/button.tsx';
import { changesBetween, mergeForms } from '../../forms/merge-schedules.ts';
import { type ScheduleForm, scheduleRequestOf } from '../../forms/schedule-form.ts';
import styles from './conflict-panel.module.css';

interface ConflictPanelProps {
  /** What the form began with, what is stored now, and what is in the form. */
  readonly base: ScheduleForm;
  readonly theirs: ScheduleForm;
  readonly mine: ScheduleForm;
  readonly onMerge: () => void;
  readonly onTakeTheirs: () => void;
}

/** Somebody else has changed the schedule: shows what, and lets both changes be joined. */
export function ConflictPanel({ base, theirs, mine, onMerge, onTakeTheirs }: ConflictPanelProps) {
  const heading = useRef<HTMLHeadingElement>(null);
  useEffect(() => {
    heading.current?.focus();
  }, []);
  const requests = { base: scheduleRequestOf(base).request, theirs: scheduleRequestOf(theirs).request };
  const mineByField = new Map(
    changesBetween(requests.base, scheduleRequestOf(mine).request).map(({ field, after }) => [field, after]),
  );
  const changes = changesBetween(requests.base, requests.theirs);
  const { conflicts } = mergeForms(base, theirs, mine);
  return (
    <section className={styles.panel} aria-labelledby="conflict">
      <h2 id="conflict" ref={heading} tabIndex={-1} className={styles.title}>
        Somebody else has changed this schedule meanwhile
      </h2>
      <p>
        Nothing was saved. This is what they changed
        {changes.length === 0 ? ': nothing that is in the form.' : ':'}
      </p>
      {changes.length > 0 && (
        <div className={styles.scroller} role="region" aria-label="What they changed" tabIndex={0}>
          <table className={styles.table}>
            <thead>
              <tr>
                <th scope="col">Field</th>
                <th scope="col">Before</th>
                <th scope="col">Now</th>
                <th scope="col">Yours</th>
              </tr>
            </thead>
            <tbody>
              {changes.map(({ field, before, after }) => (
                <tr key={field}>
                  <th scope="row">{field}</th>
                  <td>{shown(before)}</td>
                  <td>{shown(after)}</td>
                  <td>{mineByField.has(field) ? shown(mineByField.get(field)) : 'as before'}</td>
                </tr>
              ))}
            </tbody>
          </table>
        </div>
      )}
      <p>
        {conflicts.length === 0
          ? 'Your changes do not touch these fields: join both, look at the result, and save it.'
          : 'You both changed the same: joined, the form keeps yours there, and theirs everywhere else. Look at the result, and save it.'}
      </p>
      <div className={styles.buttons}>
        <Button kind="primary" onClick={onMerge}>
          Join their changes with mine
        </Button>
        <Button onClick={onTakeTheirs}>Drop mine, show theirs</Button>
      </div>
    </section>
  );
}

function shown(value: unknown): string {
  if (value === undefined) return '–';
  return typeof value === 'string' ? value : JSON.stringify(value, null, 1);
}
