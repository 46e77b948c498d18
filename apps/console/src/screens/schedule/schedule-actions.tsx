import { useNavigate } from '@tanstack/react-router';
import type { Schedule, TimerSummary } from '@timer-platform/callback-types';
import { type ReactNode, useState } from 'react';
import { request } from '../../api/http.ts';
import { Button } from '../../components/button.tsx';
import { ButtonLink } from '../../components/button-link.tsx';
import { Confirm } from '../../components/confirm.tsx';
import { Menu, MenuItem } from '../../components/menu.tsx';
import { useAction } from '../../components/use-action.ts';
import { BackfillDialog } from './backfill-dialog.tsx';
import { DeleteDialog } from './delete-dialog.tsx';
import { PauseDialog } from './pause-dialog.tsx';
import { ResumeDialog } from './resume-dialog.tsx';

type Asked = 'trigger' | 'pause' | 'resume' | 'backfill' | 'delete';

/** What can be done with a schedule. */
export function ScheduleActions({ schedule }: { readonly schedule: Schedule }) {
  const [asked, setAsked] = useState<Asked>();
  const navigate = useNavigate();
  const { key, paused } = schedule;
  const ask = (action: Asked) => () => {
    setAsked(action);
  };
  const close = () => {
    setAsked(undefined);
  };
  const dialogs: Readonly<Record<Asked, ReactNode>> = {
    trigger: <TriggerDialog schedule={schedule} onClose={close} />,
    pause: <PauseDialog schedule={schedule} onClose={close} />,
    resume: <ResumeDialog schedule={schedule} onClose={close} />,
    backfill: <BackfillDialog schedule={schedule} onClose={close} />,
    delete: <DeleteDialog schedule={schedule} onClose={close} />,
  };
  return (
    <>
      <Button onClick={ask('trigger')}>Trigger now</Button>
      <Button onClick={ask('backfill')}>Backfill</Button>
      {paused === null ? (
        <Button onClick={ask('pause')}>Pause</Button>
      ) : (
        <Button kind="primary" onClick={ask('resume')}>
          Resume
        </Button>
      )}
      <ButtonLink to="/schedules/$key" params={{ key }} search={{ edit: 'yes' }}>
        Edit
      </ButtonLink>
      <Menu label="⋯" name="More actions" kind="plain">
        <MenuItem onSelect={() => void navigate({ to: '/new-schedule', search: { from: key } })}>
          Copy as new…
        </MenuItem>
        <MenuItem danger onSelect={ask('delete')}>
          Delete…
        </MenuItem>
      </Menu>
      {asked !== undefined && dialogs[asked]}
    </>
  );
}

function TriggerDialog({ schedule, onClose }: { readonly schedule: Schedule; readonly onClose: () => void }) {
  const navigate = useNavigate();
  const action = useAction({
    run: () =>
      request<TimerSummary>('POST', `/schedules/${encodeURIComponent(schedule.key)}/trigger`, { body: {} }),
    changes: ['/schedules', '/timers', '/stats'],
    done: () => `Triggered ${schedule.key}`,
    undo: ({ id }) => ({ label: 'Show it', run: () => void navigate({ to: '/timers/$id', params: { id } }) }),
    onSuccess: onClose,
  });
  return (
    <Confirm
      title={`Trigger ${schedule.key} now?`}
      confirm="Trigger now"
      busy={action.isPending}
      onConfirm={() => {
        action.mutate(undefined);
      }}
      onClose={onClose}
    >
      One more occurrence is due at once, whatever the overlap is
      {schedule.paused === null ? '' : ', also as the schedule is paused'}. The next one stays where it is.
    </Confirm>
  );
}
