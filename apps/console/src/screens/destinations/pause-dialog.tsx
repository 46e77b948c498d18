import type { Destination } from '@timer-platform/callback-types';
import { type SubmitEvent, useState } from 'react';
import { Button } from '../../components/button.tsx';
import { Dialog } from '../../components/dialog.tsx';
import { TextField } from '../../components/field.tsx';
import { ErrorNote } from '../../components/states.tsx';
import { useAction } from '../../components/use-action.ts';
import styles from './destinations.module.css';
import { CHANGED_PATHS, pauseDestination, resumeDestination } from './requests.ts';

/** Asks for a note, and pauses. */
export function PauseDialog({
  destination: { destination: name, in_flight: inFlight },
  onClose,
}: {
  readonly destination: Destination;
  readonly onClose: () => void;
}) {
  const [note, setNote] = useState('');
  const resume = useAction({
    run: () => resumeDestination(name),
    changes: CHANGED_PATHS,
    done: () => `Resumed ${name}`,
  });
  const pause = useAction({
    run: () => pauseDestination(name, note.trim()),
    changes: CHANGED_PATHS,
    done: () => `Paused ${name}`,
    undo: () => ({ label: 'Undo', run: () => resume.mutate(undefined) }),
    onSuccess: onClose,
    onError: () => undefined,
  });
  const submit = (event: SubmitEvent) => {
    event.preventDefault();
    if (!pause.isPending) pause.mutate(undefined);
  };
  return (
    <Dialog
      title={`Pause ${name}?`}
      onClose={onClose}
      footer={
        <>
          <Button onClick={onClose}>Back</Button>
          <Button kind="primary" type="submit" form="pause-destination" busy={pause.isPending}>
            Pause
          </Button>
        </>
      }
    >
      <form id="pause-destination" className={styles.form} onSubmit={submit}>
        <div>
          No attempt starts there until it is resumed. Its timers wait, and none is lost.
          {inFlight > 0 && ` The ${inFlight} attempts under way end as usual.`}
        </div>
        <TextField
          label="Why (optional)"
          placeholder="Maintenance until 04:00"
          maxLength={1_000}
          autoFocus
          value={note}
          onChange={(event) => setNote(event.target.value)}
          hint="Everybody who looks at the destination reads it."
        />
        <ErrorNote error={pause.error} />
      </form>
    </Dialog>
  );
}
