import { useSyncExternalStore } from 'react';
import { Button } from './button.tsx';
import styles from './toast.module.css';
import { dismissToast, listToasts, subscribeToasts } from './toasts.ts';

/** The messages of {@link showToast}. Once in the layout. */
export function Toasts() {
  const toasts = useSyncExternalStore(subscribeToasts, listToasts);
  return (
    <div className={styles.toasts} role="status" aria-live="polite" aria-relevant="additions">
      {toasts.map(({ id, kind, message, action }) => (
        <div key={id} className={styles.toast} data-kind={kind}>
          <span aria-hidden="true" className={styles.sign}>
            {kind === 'error' ? '✕' : '✓'}
          </span>
          <span className={styles.message}>
            {kind === 'error' && <span className="visually-hidden">Error: </span>}
            {message}
          </span>
          {action !== undefined && (
            <Button
              small
              onClick={() => {
                dismissToast(id);
                action.run();
              }}
            >
              {action.label}
            </Button>
          )}
          <Button
            small
            kind="quiet"
            aria-label="Dismiss"
            onClick={() => {
              dismissToast(id);
            }}
          >
            ×
          </Button>
        </div>
      ))}
    </div>
  );
}
