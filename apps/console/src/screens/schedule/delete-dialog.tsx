import { useNavigate } from '@tanstack/react-router';
import type { DeleteScheduleResponse, Schedule } from '@timer-platform/callback-types';
import { useState } from 'react';
import { request } from '../../api/http.ts';
import { Confirm } from '../../components/confirm.tsx';
import { TextField } from '../../components/field.tsx';
import { ErrorNote } from '../../components/states.tsx';
import { useAction } from '../../components/use-action.ts';
import styles from './schedule-screen.module.css';
import { withdrawalText } from './withdrawal-text.ts';

/** Deletes a schedule when its key was typed: it cannot be taken back. */
export function DeleteDialog({
  schedule,
  onClose,
}: {
  readonly schedule: Schedule;
  readonly onClose: () => void;
}) {
  const navigate = useNavigate();
  const [typed, setTyped] = useState('');
  const action = useAction({
    run: () =>
      request<DeleteScheduleResponse['data']>('DELETE', `/schedules/${encodeURIComponent(schedule.key)}`, {
        // Not one that somebody has changed since it was looked at.
        headers: { 'if-match': `"${schedule.revision}"` },
      }),
    changes: ['/schedules', '/timers', '/stats'],
    done: (result) => `Deleted ${schedule.key}${withdrawalText(result)}`,
    onSuccess: () => void navigate({ to: '/schedules' }),
    onError: () => undefined,
  });
  return (
    <Confirm
      title={`Delete ${schedule.key}?`}
      confirm="Delete the schedule"
      danger
      busy={action.isPending}
      disabled={typed.trim() !== schedule.key}
      onConfirm={() => {
        action.mutate(undefined);
      }}
      onClose={onClose}
    >
      Its pending occurrences are withdrawn, and it cannot be brought back. Timers that it has created stay.
      To stop it for a time, pause it.
      <div className={styles.fields}>
        <TextField
          label={`Type ${schedule.key} to delete it`}
          autoFocus
          value={typed}
          onChange={(event) => {
            setTyped(event.target.value);
          }}
        />
        <ErrorNote error={action.error} />
      </div>
    </Confirm>
  );
}
