import type { Timer } from '@timer-platform/callback-types';
import { useState } from 'react';
import { request } from '../../api/http.ts';
import { Button } from '../../components/button.tsx';
import { Confirm } from '../../components/confirm.tsx';
import { Instant } from '../../components/instant.tsx';
import { useAction } from '../../components/use-action.ts';

type Kind = 'run' | 'retry' | 'cancel';

const CHANGES = ['/timers', '/stats', '/actions'];
const REQUESTS: Readonly<Record<Kind, (path: string) => Promise<unknown>>> = {
  run: (path) => request('POST', `${path}/run`),
  retry: (path) => request('POST', `${path}/retry`),
  cancel: (path) => request('DELETE', path),
};
const DONE: Readonly<Record<Kind, string>> = {
  run: 'The timer is due now',
  retry: 'The timer is pending again, due now',
  cancel: 'The timer is canceled',
};

/** What can be done to a timer in its present state. */
export function TimerActions({ timer, onEdit }: { readonly timer: Timer; readonly onEdit: () => void }) {
  const [asking, setAsking] = useState<Kind>();
  const path = `/timers/${timer.id}`;
  const action = useAction({
    run: (kind: Kind) => REQUESTS[kind](path),
    changes: CHANGES,
    done: (_, kind) => DONE[kind],
    onSuccess: () => {
      setAsking(undefined);
    },
  });
  const close = () => {
    setAsking(undefined);
  };
  const ask = (kind: Kind) => () => {
    setAsking(kind);
  };
  return (
    <>
      {timer.status === 'failed' && (
        <Button kind="primary" busy={action.isPending} onClick={ask('retry')}>
          Retry
        </Button>
      )}
      {timer.status === 'pending' && (
        <>
          <Button onClick={ask('run')}>Run now</Button>
          <Button onClick={onEdit}>Edit</Button>
          <Button kind="danger" onClick={ask('cancel')}>
            Cancel timer
          </Button>
        </>
      )}
      {asking !== undefined && (
        <Confirm
          title={
            { run: 'Run this timer now', retry: 'Retry this timer', cancel: 'Cancel this timer' }[asking]
          }
          confirm={{ run: 'Run now', retry: 'Retry', cancel: 'Cancel timer' }[asking]}
          danger={asking === 'cancel'}
          busy={action.isPending}
          onConfirm={() => {
            action.mutate(asking);
          }}
          onClose={close}
        >
          <Consequence kind={asking} timer={timer} />
        </Confirm>
      )}
    </>
  );
}

function Consequence({ kind, timer }: { readonly kind: Kind; readonly timer: Timer }) {
  switch (kind) {
    case 'run':
      return (
        <p>
          It becomes due now instead of <Instant at={timer.due_at} relative />, and its callback is sent
          {timer.paused ? ' when its destination is resumed' : ''}. What is sent cannot be taken back.
        </p>
      );
    case 'retry':
      return (
        <p>
          It becomes pending and due now, with all attempts of its retry policy. Receivers may get the
          callback twice, if an attempt that failed here succeeded there.
        </p>
      );
    case 'cancel':
      return <p>No attempt starts any more. It cannot be undone; a copy can be stored as a new timer.</p>;
  }
}
