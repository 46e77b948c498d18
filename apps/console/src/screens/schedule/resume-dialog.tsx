import type { Schedule } from '@timer-platform/callback-types';
import { useState } from 'react';
import { request } from '../../api/http.ts';
import { Choice } from '../../components/choice.tsx';
import { Confirm } from '../../components/confirm.tsx';
import { Instant } from '../../components/instant.tsx';
import { ErrorNote } from '../../components/states.tsx';
import { useAction } from '../../components/use-action.ts';
import styles from './schedule-screen.module.css';

const CATCH_UPS = [
  { value: 'none', label: 'None', hint: 'What the pause has missed is skipped.' },
  { value: 'latest', label: 'The latest', hint: 'The last one that the pause has missed is created, once.' },
  { value: 'all', label: 'All', hint: 'Every one that the pause has missed, within the catch-up window.' },
] as const;

/** Asks what of the time of the pause is made up for. */
export function ResumeDialog({
  schedule,
  onClose,
}: {
  readonly schedule: Schedule;
  readonly onClose: () => void;
}) {
  const [catchUp, setCatchUp] = useState<Schedule['catch_up']>('none');
  const action = useAction({
    run: () =>
      request<Schedule>('POST', `/schedules/${encodeURIComponent(schedule.key)}/resume`, {
        body: { catch_up: catchUp },
      }),
    changes: ['/schedules', '/timers', '/stats'],
    done: () => `Resumed ${schedule.key}`,
    onSuccess: onClose,
    onError: () => undefined,
  });
  return (
    <Confirm
      title={`Resume ${schedule.key}?`}
      confirm="Resume"
      busy={action.isPending}
      onConfirm={() => {
        action.mutate(undefined);
      }}
      onClose={onClose}
    >
      Paused since <Instant at={schedule.paused?.since} relative />.
      <div className={styles.fields}>
        <Choice
          label="Occurrences of the time in which it was paused"
          stacked
          value={catchUp}
          options={CATCH_UPS}
          onChange={setCatchUp}
        />
        <ErrorNote error={action.error} />
      </div>
    </Confirm>
  );
}
