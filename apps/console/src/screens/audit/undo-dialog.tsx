import type { OperatorAction } from '@timer-platform/callback-types';
import { undoAction } from '../../api/undo-action.ts';
import { Confirm } from '../../components/confirm.tsx';
import { ErrorNote } from '../../components/states.tsx';
import { useAction } from '../../components/use-action.ts';
import { formatCount, formatCountOf } from '../../lib/format-number.ts';
import { describeAction } from './describe-action.ts';

/** Says what undoing restores, and does it. */
export function UndoDialog({
  action,
  onClose,
}: {
  readonly action: OperatorAction;
  readonly onClose: () => void;
}) {
  const undo = useAction({
    run: () => undoAction(action.id),
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
