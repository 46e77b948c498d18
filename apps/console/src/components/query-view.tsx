import type { UseQueryResult } from '@tanstack/react-query';
import type { ReactNode } from 'react';
import { ErrorNote, ErrorState, Skeleton } from './states.tsx';

/** What a query read; before that a skeleton, and the error if there is nothing else to show. */
export function QueryView<Data>({
  query,
  lines,
  children,
}: {
  readonly query: UseQueryResult<Data>;
  /** Lines of the skeleton. */
  readonly lines?: number;
  readonly children: (data: Data) => ReactNode;
}) {
  if (query.data !== undefined)
    return (
      <>
        {query.error !== null && <ErrorNote error={query.error} />}
        {children(query.data)}
      </>
    );
  if (query.error !== null) return <ErrorState error={query.error} onRetry={() => void query.refetch()} />;
  return <Skeleton {...(lines === undefined ? {} : { lines })} />;
}
