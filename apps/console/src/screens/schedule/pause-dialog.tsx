import type { PauseScheduleResponse, Schedule } from '@timer-platform/callback-types';
import { useState } from 'react';
import { request } from '../../api/http.ts';
import { AreaField } from '../../components/area-field.tsx';
import { Confirm } from '../../components/confirm.tsx';
import { ErrorNote } from '../../components/states.tsx';
import { useAction } from '../../components/use-action.ts';
import { InstantField } from '../../forms/instant-field.tsx';
import { NO_TIME, resolveLocalTime } from '../../lib/zoned-time.ts';
import { useTimeZone } from '../../preferences/preferences.ts';
import styles from './schedule-screen.module.css';
import { withdrawalText } from './withdrawal-text.ts';

/** Asks why and until when. */
export function PauseDialog({
  schedule,
  onClose,
}: {
  readonly schedule: Schedule;
  readonly onClose: () => void;
}) {
  const zone = useTimeZone();
  const [note, setNote] = useState('');
  const [until, setUntil] = useState(NO_TIME);
  const resolved = resolveLocalTime(until, zone);
  const action = useAction({
    run: () =>
      request<PauseScheduleResponse['data']>('POST', `/schedules/${encodeURIComponent(schedule.key)}/pause`, {
        body: {
          note: note.trim() === '' ? null : note.trim(),
          until: resolved.kind === 'instant' ? new Date(resolved.at).toISOString() : null,
        },
      }),
    changes: ['/schedules', '/timers', '/stats'],
    done: (result) => `Paused ${schedule.key}${withdrawalText(result)}`,
    onSuccess: onClose,
    onError: () => undefined,
  });
  return (
    <Confirm
      title={`Pause ${schedule.key}?`}
      confirm="Pause"
      busy={action.isPending}
      disabled={resolved.kind === 'invalid'}
      onConfirm={() => {
        action.mutate(undefined);
      }}
      onClose={onClose}
    >
      No attempt of an occurrence starts any more, except of those that are under way. Pending ones are
      withdrawn.
      <div className={styles.fields}>
        <AreaField
          label="Why (for those who find it paused)"
          rows={2}
          maxLength={1_000}
          autoFocus
          value={note}
          onChange={(event) => {
            setNote(event.target.value);
          }}
        />
        <InstantField
          label="Until (empty: until somebody resumes it)"
          zone={zone}
          value={until}
          hint={`On the clocks of ${zone}`}
          onChange={setUntil}
        />
        <ErrorNote error={action.error} />
      </div>
    </Confirm>
  );
}
