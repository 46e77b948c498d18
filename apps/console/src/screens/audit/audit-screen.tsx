import { useInfiniteQuery } from '@tanstack/react-query';
import type { ActionListResponse, OperatorAction } from '@timer-platform/callback-types';
import { useState } from 'react';
import { request } from '../../api/http.ts';
import { usePermissions } from '../../api/session.ts';
import { Button } from '../../components/button.tsx';
import { Instant } from '../../components/instant.tsx';
import { None } from '../../components/none.tsx';
import { Count } from '../../components/number.tsx';
import { Page } from '../../components/page.tsx';
import { QueryView } from '../../components/query-view.tsx';
import { EmptyState } from '../../components/states.tsx';
import { type Column, Table } from '../../components/table.tsx';
import { ActionDialog } from './action-dialog.tsx';
import styles from './audit.module.css';
import { describeAction } from './describe-action.ts';
import { UndoDialog } from './undo-dialog.tsx';

const PAGE_SIZE = 50;
const REFETCH_MS = 10_000;

/** What operators did, newest first, and its undoing. */
export function AuditScreen() {
  const { admin } = usePermissions();
  const [shown, setShown] = useState<OperatorAction | null>(null);
  const [undoing, setUndoing] = useState<OperatorAction | null>(null);
  const query = useInfiniteQuery({
    queryKey: ['actions', 'pages'],
    queryFn: ({ pageParam, signal }) =>
      request<ActionListResponse['data']>('GET', '/actions', {
        query: { limit: PAGE_SIZE, cursor: pageParam },
        signal,
      }),
    initialPageParam: undefined as string | undefined,
    getNextPageParam: ({ next_cursor: cursor }) => cursor ?? undefined,
    refetchInterval: ({ state }) => ((state.data?.pages.length ?? 0) > 1 ? false : REFETCH_MS),
  });
  const columns: readonly Column<OperatorAction>[] = [
    { key: 'at', header: 'When', cell: ({ at }) => <Instant at={at} /> },
    { key: 'client', header: 'API key', cell: ({ client }) => client },
    {
      key: 'what',
      header: 'What',
      grow: true,
      cell: (action) => (
        <button type="button" className={styles.what} data-row-link="" onClick={() => setShown(action)}>
          {describeAction(action)}
        </button>
      ),
    },
    { key: 'affected', header: 'Changed', align: 'end', cell: ({ affected }) => <Count value={affected} /> },
    {
      key: 'undo',
      header: 'Undo',
      cell: (action) =>
        action.undone_at !== null ? (
          <span className="muted">
            undone <Instant at={action.undone_at} relative="only" />
          </span>
        ) : action.undoable && admin ? (
          <Button small onClick={() => setUndoing(action)} aria-label={`Undo: ${describeAction(action)}`}>
            Undo
          </Button>
        ) : (
          <None />
        ),
    },
  ];
  return (
    <Page title="Audit log">
      <QueryView query={query} lines={6}>
        {({ pages }) => (
          <>
            <Table
              caption="Actions of operators"
              columns={columns}
              rows={pages.flatMap(({ actions }) => actions)}
              rowKey={({ id }) => id}
              empty={
                <EmptyState title="Nothing yet">
                  Bulk changes, changes of destinations, and everything done by this console are listed here.
                </EmptyState>
              }
            />
            {query.hasNextPage && (
              <p className={styles.more}>
                <Button busy={query.isFetchingNextPage} onClick={() => void query.fetchNextPage()}>
                  Older ones
                </Button>
              </p>
            )}
          </>
        )}
      </QueryView>
      {shown !== null && <ActionDialog action={shown} onClose={() => setShown(null)} />}
      {undoing !== null && <UndoDialog action={undoing} onClose={() => setUndoing(null)} />}
    </Page>
  );
}
