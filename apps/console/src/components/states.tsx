import type { ReactNode } from 'react';
import { ApiProblem } from '../api/api-problem.ts';
import { Button } from './button.tsx';
import styles from './states.module.css';

/** Nothing to show: says why, and what to do. */
export function EmptyState({
  title,
  children,
  action,
}: {
  readonly title: string;
  readonly children?: ReactNode;
  readonly action?: ReactNode;
}) {
  return (
    <div className={styles.state}>
      <p className={styles.title}>{title}</p>
      {children !== undefined && <div className={styles.text}>{children}</div>}
      {action !== undefined && <div className={styles.action}>{action}</div>}
    </div>
  );
}

/** Something could not be read. */
export function ErrorState({ error, onRetry }: { readonly error: Error; readonly onRetry?: () => void }) {
  return (
    <div className={styles.state} data-kind="error" role="alert">
      <p className={styles.title}>{titleOf(error)}</p>
      <div className={styles.text}>
        {error.message}
        {error instanceof ApiProblem && <Issues problem={error} />}
      </div>
      {onRetry !== undefined && (
        <div className={styles.action}>
          <Button onClick={onRetry}>Retry</Button>
        </div>
      )}
    </div>
  );
}

/** An error inside a form or a dialog. */
export function ErrorNote({ error }: { readonly error: Error | null | undefined }) {
  if (error === null || error === undefined) return null;
  return (
    <div className={styles.note} role="alert">
      <strong>{titleOf(error)}.</strong> {error.message}
      {error instanceof ApiProblem && <Issues problem={error} />}
    </div>
  );
}

function Issues({ problem }: { readonly problem: ApiProblem }) {
  if (problem.issues.length === 0) return null;
  return (
    <ul className={styles.issues}>
      {problem.issues.map(({ path, message }) => (
        <li key={`${path} ${message}`}>
          {path !== '' && <code>{path}</code>} {message}
        </li>
      ))}
    </ul>
  );
}

function titleOf(error: Error): string {
  if (!(error instanceof ApiProblem)) return 'Something went wrong in the console';
  switch (error.status) {
    case 0:
      return 'No response';
    case 403:
      return 'Not allowed';
    case 404:
      return 'Not found';
    case 429:
      return error.retryAfterSeconds === null
        ? 'Too many requests'
        : `Too many requests; retry in ${error.retryAfterSeconds} s`;
    default:
      return error.status >= 500 ? 'The service failed' : 'The service refused the request';
  }
}

/** Grey lines in place of what is being loaded. */
export function Skeleton({ lines = 3 }: { readonly lines?: number }) {
  return (
    <div className={styles.skeleton} role="status" aria-label="Loading">
      {Array.from({ length: lines }, (_, line) => (
        <span key={line} className={styles.line} />
      ))}
    </div>
  );
}
