import { Link } from '@tanstack/react-router';
import type { Schedule } from '@timer-platform/callback-types';
import { Facts } from '../../components/facts.tsx';
import { Instant } from '../../components/instant.tsx';
import { JsonTree } from '../../components/json-tree.tsx';
import { Count } from '../../components/number.tsx';
import { CATCH_UP_TEXTS, labelOf, OVERLAP_TEXTS } from '../../forms/schedule-options.ts';
import { durationInWords } from '../../lib/duration.ts';
import { maskHeaders } from './mask-headers.ts';
import styles from './schedule-screen.module.css';

/** What is stored of a schedule. Options that it does not use are left out. */
export function ScheduleFacts({ schedule }: { readonly schedule: Schedule }) {
  const { callback } = schedule;
  const target =
    callback.type === 'http'
      ? callback.url
      : `${callback.topic}${callback.key == null ? '' : `.${callback.key}`}`;
  return (
    <div className={styles.panel}>
      <Facts
        facts={[
          [callback.type === 'http' ? 'Calls' : 'Publishes to', <span className="mono">{target}</span>],
          schedule.cron === null
            ? ['Interval', `${durationInWords(schedule.every ?? '')}${phaseText(schedule.phase)}`]
            : ['Cron', <span className="mono">{schedule.cron.join(' · ')}</span>],
          ['Time zone', schedule.time_zone],
          [
            'Created so far',
            <>
              <Count value={schedule.occurrences} />
              {schedule.max_occurrences !== null && (
                <>
                  {' of '}
                  <Count value={schedule.max_occurrences} />
                </>
              )}
            </>,
          ],
          schedule.exclude.length > 0 ? ['Left out', schedule.exclude.join(', ')] : undefined,
          schedule.start_at === null ? undefined : ['Not before', <Instant at={schedule.start_at} />],
          schedule.end_at === null ? undefined : ['Not after', <Instant at={schedule.end_at} />],
          ['Overlap', labelOf(OVERLAP_TEXTS, schedule.overlap)],
          [
            'Catch-up',
            `${labelOf(CATCH_UP_TEXTS, schedule.catch_up)}${schedule.catch_up === 'none' ? '' : `, missed at most ${durationInWords(schedule.catch_up_window)} ago`}`,
          ],
          schedule.expires_after === null
            ? undefined
            : ['Expires after', durationInWords(schedule.expires_after)],
          schedule.pause_after_failures === null
            ? undefined
            : ['Pauses after', `${schedule.pause_after_failures} failures in a row`],
          ['Changed', <Instant at={schedule.updated_at} relative="only" />],
          ['Revision', schedule.revision],
          [
            'Timers',
            <Link to="/timers" search={{ schedule: schedule.key }}>
              All of this schedule
            </Link>,
          ],
        ]}
      />
      <Json name="Callback" value={maskHeaders(callback)} open />
      {schedule.retry !== null && <Json name="Retry policy" value={schedule.retry} />}
      {schedule.metadata !== null && <Json name="Metadata" value={schedule.metadata} />}
    </div>
  );
}

function phaseText(phase: string | null): string {
  return phase === null || phase === '0s' ? '' : `, ${durationInWords(phase)} later than its multiples`;
}

function Json({
  name,
  value,
  open,
}: {
  readonly name: string;
  readonly value: unknown;
  readonly open?: boolean;
}) {
  return (
    <details className={styles.json} open={open}>
      <summary>{name}</summary>
      <JsonTree value={value} />
    </details>
  );
}
