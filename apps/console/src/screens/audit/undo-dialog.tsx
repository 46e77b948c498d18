import { request } from '../../api/http.ts';
import { Confirm } from '../../components/confirm.tsx';
import { ErrorNote } from '../../components/states.tsx';
import { useAction } from '../../components/use-action.ts';
import { formatCount, formatCountOf } from '../../lib/format-number.ts';
import { describeAction } from './describe-action.ts';
import type { OperatorAction } from './operator-action.ts';

interface Undone {
  readonly restored: number;
  readonly skipped: number;
}

/** Says what undoing restores, and does it. */
export function UndoDialog({
  action,
  onClose,
}: {
  readonly action: OperatorAction;
  readonly onClose: () => void;
}) {
  const undo = useAction({
    run: () => request<Undone>('POST', `/actions/${action.id}/undo`, { body: {} }),
    changes: ['/actions', '/timers', '/stats'],
    done: ({ restored, skipped }) =>
      `Restored ${formatCountOf(restored, 'timer')}` +
      (skipped === 0 ? '' : `; ${formatCount(skipped)} had changed since and were left alone`),
    onSuccess: onClose,
    onError: () => undefined,
  });
  return (
    <Confirm
      title="Undo this action?"
      confirm="Undo"
      busy={undo.isPending}
      onConfirm={() => undo.mutate(undefined)}
      onClose={onClose}
    >
      <div>
        {describeAction(action)}, {formatCountOf(action.affected, 'timer')}. Timers that changed since are
        left as they are. What is due by then is delivered at once.
      </div>
      <ErrorNote error={undo.error} />
    </Confirm>
  );
}
