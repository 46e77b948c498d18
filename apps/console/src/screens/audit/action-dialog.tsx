import type { OperatorAction } from '@timer-platform/callback-types';
import { Dialog } from '../../components/dialog.tsx';
import { Instant } from '../../components/instant.tsx';
import { JsonTree } from '../../components/json-tree.tsx';
import { Count } from '../../components/number.tsx';
import styles from './audit.module.css';
import { describeAction } from './describe-action.ts';

/** Everything about one entry of the audit log. */
export function ActionDialog({
  action,
  onClose,
}: {
  readonly action: OperatorAction;
  readonly onClose: () => void;
}) {
  return (
    <Dialog title={describeAction(action)} onClose={onClose} wide>
      <dl className={styles.facts}>
        <dt>When</dt>
        <dd>
          <Instant at={action.at} precision="millisecond" relative />
        </dd>
        <dt>API key</dt>
        <dd>{action.client}</dd>
        <dt>Action</dt>
        <dd className="mono">{action.action}</dd>
        {action.target !== null && (
          <>
            <dt>Target</dt>
            <dd className="mono">{action.target}</dd>
          </>
        )}
        <dt>Changed</dt>
        <dd>
          <Count value={action.affected} />
        </dd>
        {action.undone_at !== null && (
          <>
            <dt>Undone</dt>
            <dd>
              <Instant at={action.undone_at} relative />
            </dd>
          </>
        )}
        <dt>ID</dt>
        <dd className="mono">{action.id}</dd>
      </dl>
      <h3 className={styles.heading}>Request</h3>
      <JsonTree value={action.request} />
    </Dialog>
  );
}
