import type { Destination, UpdateDestinationRequest } from '@timer-platform/callback-types';
import { type SubmitEvent, useState } from 'react';
import { Button } from '../../components/button.tsx';
import { Dialog } from '../../components/dialog.tsx';
import { TextField } from '../../components/field.tsx';
import { ErrorNote } from '../../components/states.tsx';
import { useAction } from '../../components/use-action.ts';
import styles from './destinations.module.css';
import { checkLimits } from './limits.ts';
import { CHANGED_PATHS, updateDestination } from './requests.ts';

/** Edits how much may be sent. */
export function LimitsDialog({
  destination: { destination: name, rate_per_second: rate, max_in_flight: inFlight },
  onClose,
}: {
  readonly destination: Destination;
  readonly onClose: () => void;
}) {
  const [typed, setTyped] = useState({ rate: String(rate ?? ''), inFlight: String(inFlight ?? '') });
  const { limits, rateError, inFlightError } = checkLimits(typed);
  const restore = useAction({
    run: () => updateDestination(name, { rate_per_second: rate, max_in_flight: inFlight }),
    changes: CHANGED_PATHS,
    done: () => `Restored the limits of ${name}`,
  });
  const update = useAction({
    run: (changed: UpdateDestinationRequest) => updateDestination(name, changed),
    changes: CHANGED_PATHS,
    done: () => `Changed the limits of ${name}`,
    undo: () => ({ label: 'Undo', run: () => restore.mutate(undefined) }),
    onSuccess: onClose,
    onError: () => undefined,
  });
  const submit = (event: SubmitEvent) => {
    event.preventDefault();
    if (limits !== undefined && !update.isPending) update.mutate(limits);
  };
  return (
    <Dialog
      title={`Limits of ${name}`}
      onClose={onClose}
      footer={
        <>
          <Button onClick={onClose}>Back</Button>
          <Button
            kind="primary"
            type="submit"
            form="limits-of-destination"
            busy={update.isPending}
            disabled={limits === undefined}
          >
            Save
          </Button>
        </>
      }
    >
      <form id="limits-of-destination" className={styles.form} onSubmit={submit} noValidate>
        <div>By all dispatchers together. An empty field is no limit. Dispatchers obey within a second.</div>
        <div className={styles.pair}>
          <TextField
            label="Attempts per second"
            inputMode="decimal"
            autoFocus
            placeholder="no limit"
            value={typed.rate}
            onChange={(event) => setTyped({ ...typed, rate: event.target.value })}
            {...(rateError === undefined ? {} : { error: rateError })}
          />
          <TextField
            label="Attempts in flight"
            inputMode="numeric"
            placeholder="no limit"
            value={typed.inFlight}
            onChange={(event) => setTyped({ ...typed, inFlight: event.target.value })}
            {...(inFlightError === undefined ? {} : { error: inFlightError })}
          />
        </div>
        <ErrorNote error={update.error} />
      </form>
    </Dialog>
  );
}
