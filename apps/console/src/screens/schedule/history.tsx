import { useInfiniteQuery } from '@tanstack/react-query';
import { Link } from '@tanstack/react-router';
import type { Occurrence, OccurrenceListResponse } from '@timer-platform/callback-types';
import { request } from '../../api/http.ts';
import { useRefetchInterval } from '../../api/live.ts';
import { Button } from '../../components/button.tsx';
import { Instant } from '../../components/instant.tsx';
import { Count } from '../../components/number.tsx';
import { EmptyState, ErrorNote, ErrorState, Skeleton } from '../../components/states.tsx';
import { Badge, StatusBadge } from '../../components/status-badge.tsx';
import { type Column, Table } from '../../components/table.tsx';
import { ORIGIN_TEXTS, SKIP_TEXTS } from '../../forms/schedule-options.ts';
import { formatCountOf } from '../../lib/format-number.ts';
import styles from './schedule-screen.module.css';

const PAGE_SIZE = 25;

const COLUMNS: readonly Column<Occurrence>[] = [
  {
    key: 'for',
    header: 'Scheduled for',
    cell: (entry) =>
      entry.type === 'timer' ? (
        <Link to="/timers/$id" params={{ id: entry.id }} data-row-link="">
          <Instant at={entry.scheduled_for} />
        </Link>
      ) : (
        <>
          <Instant at={entry.scheduled_for} />
          {entry.count > 1 && (
            <>
              {' to '}
              <Instant at={entry.until} />
            </>
          )}
        </>
      ),
  },
  {
    key: 'status',
    header: 'Outcome',
    cell: (entry) =>
      entry.type === 'timer' ? (
        <StatusBadge status={entry.status} />
      ) : (
        <Badge tone="warn" sign="⤼">
          skipped
        </Badge>
      ),
  },
  {
    key: 'count',
    header: 'Attempts',
    align: 'end',
    optional: true,
    cell: (entry) => (entry.type === 'timer' ? <Count value={entry.attempts} /> : null),
  },
  {
    key: 'origin',
    header: 'Why',
    optional: true,
    cell: (entry) => (entry.type === 'timer' ? ORIGIN_TEXTS[entry.origin] : null),
  },
  {
    key: 'detail',
    header: 'Detail',
    grow: true,
    cell: (entry) => {
      if (entry.type === 'skip')
        return `${formatCountOf(entry.count, 'occurrence')}: ${SKIP_TEXTS[entry.reason]}`;
      if (entry.last_error !== null) return <span title={entry.last_error}>{entry.last_error}</span>;
      return entry.executed_at === null ? null : (
        <span className="muted">
          finished at <Instant at={entry.executed_at} timeOnly />
        </span>
      );
    },
  },
];

/** The occurrences of a schedule, newest first: timers, and what was skipped. */
export function History({ scheduleKey }: { readonly scheduleKey: string }) {
  const path = `/schedules/${encodeURIComponent(scheduleKey)}/occurrences`;
  const interval = useRefetchInterval({ live: 5_000, polling: 5_000 });
  const query = useInfiniteQuery({
    queryKey: ['schedules', scheduleKey, 'occurrences', 'pages'],
    initialPageParam: '',
    queryFn: ({ signal, pageParam }) =>
      request<OccurrenceListResponse['data']>('GET', path, {
        query: { limit: PAGE_SIZE, cursor: pageParam },
        signal,
      }),
    getNextPageParam: ({ next_cursor }) => next_cursor,
    // Whoever looks far back is not disturbed: every page would be read again.
    refetchInterval: ({ state }) => ((state.data?.pages.length ?? 0) > 4 ? false : interval),
  });
  if (query.data === undefined) {
    if (query.error === null) return <Skeleton lines={6} />;
    return <ErrorState error={query.error} onRetry={() => void query.refetch()} />;
  }
  const entries = query.data.pages.flatMap(({ occurrences }) => occurrences);
  return (
    <>
      <ErrorNote error={query.error} />
      <Table
        caption="Occurrences"
        columns={COLUMNS}
        rows={entries}
        rowKey={(entry) => (entry.type === 'timer' ? entry.id : `skip ${entry.scheduled_for}`)}
        empty={
          <EmptyState title="No occurrences yet">
            What it creates and what it skips will be listed here, with the reason.
          </EmptyState>
        }
      />
      {query.hasNextPage && (
        <div className={styles.more}>
          <span className="muted">The newest {formatCountOf(entries.length, 'entry', 'entries')}</span>
          <Button busy={query.isFetchingNextPage} onClick={() => void query.fetchNextPage()}>
            Show more
          </Button>
        </div>
      )}
    </>
  );
}
