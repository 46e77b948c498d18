import type { Destination } from '@timer-platform/callback-types';
import { Confirm } from '../../components/confirm.tsx';
import { Count } from '../../components/number.tsx';
import { ErrorNote } from '../../components/states.tsx';
import { useAction } from '../../components/use-action.ts';
import { formatNumber } from '../../lib/format-number.ts';
import { CHANGED_PATHS, pauseDestination, resumeDestination } from './requests.ts';

/** Says what will be sent at once, and resumes. */
export function ResumeDialog({
  destination,
  onClose,
}: {
  readonly destination: Destination;
  readonly onClose: () => void;
}) {
  const { destination: name, pause_note: note, rate_per_second: rate } = destination;
  const pause = useAction({
    run: () => pauseDestination(name, note),
    changes: CHANGED_PATHS,
    done: () => `Paused ${name} again`,
  });
  const resume = useAction({
    run: () => resumeDestination(name),
    changes: CHANGED_PATHS,
    done: () => `Resumed ${name}`,
    undo: () => ({ label: 'Pause again', run: () => pause.mutate(undefined) }),
    onSuccess: onClose,
    onError: () => undefined,
  });
  return (
    <Confirm
      title={`Resume ${name}?`}
      confirm="Resume"
      busy={resume.isPending}
      onConfirm={() => resume.mutate(undefined)}
      onClose={onClose}
    >
      <div>
        <Count value={destination.waiting_paused} estimated={destination.waiting_paused_estimated} /> timers
        wait.{' '}
        {rate === null
          ? 'They are sent as fast as the destination takes them. If that may be too much for it, set a limit per second first.'
          : `They are sent at ${formatNumber(rate)} per second at most.`}
      </div>
      <ErrorNote error={resume.error} />
    </Confirm>
  );
}
