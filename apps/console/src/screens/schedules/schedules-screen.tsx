import { useInfiniteQuery } from '@tanstack/react-query';
import { Link, useNavigate, useSearch } from '@tanstack/react-router';
import type { ScheduleListResponse, ScheduleSummary } from '@timer-platform/callback-types';
import { request } from '../../api/http.ts';
import { useRefetchInterval } from '../../api/live.ts';
import { usePermissions, useSession } from '../../api/session.ts';
import { Button } from '../../components/button.tsx';
import { ButtonLink } from '../../components/button-link.tsx';
import { Filters, SelectFilter, TextFilter } from '../../components/filters.tsx';
import { Instant } from '../../components/instant.tsx';
import { Page } from '../../components/page.tsx';
import { EmptyState, ErrorNote, ErrorState, Skeleton } from '../../components/states.tsx';
import { type Column, Table } from '../../components/table.tsx';
import { formatCountOf } from '../../lib/format-number.ts';
import { LastOutcome } from './last-outcome.tsx';
import { ScheduleState } from './schedule-state.tsx';
import styles from './schedules-screen.module.css';

const PAGE_SIZE = 50;

const COLUMNS: readonly Column<ScheduleSummary>[] = [
  {
    key: 'key',
    header: 'Schedule',
    cell: ({ key, time_zone, description }) => (
      <>
        <Link to="/schedules/$key" params={{ key }} data-row-link="" className={styles.key}>
          {key}
        </Link>
        <div className={styles.words} title={description}>
          {description === '' ? 'cannot be read' : description}
          {time_zone !== 'UTC' && <span className="muted"> · {time_zone}</span>}
        </div>
      </>
    ),
    grow: true,
  },
  { key: 'state', header: 'State', cell: (schedule) => <ScheduleState schedule={schedule} /> },
  { key: 'next', header: 'Next', cell: ({ next_at }) => <Instant at={next_at} relative /> },
  { key: 'last', header: 'Last outcome', cell: (schedule) => <LastOutcome schedule={schedule} /> },
];

/** The schedules of the API key; the filters are in the address. */
export function SchedulesScreen() {
  const search = useSearch({ from: '/shell/schedules' });
  const navigate = useNavigate({ from: '/schedules' });
  const { write } = usePermissions();
  const change = (fields: Record<string, string | undefined>) =>
    void navigate({ search: (before) => ({ ...before, ...fields }), replace: true });
  return (
    <Page
      title="Schedules"
      actions={
        write && (
          <ButtonLink to="/new-schedule" kind="primary">
            New schedule
          </ButtonLink>
        )
      }
    >
      <Filters label="Filter the schedules">
        <TextFilter
          label="Key starts with"
          main
          wide
          value={search['prefix']}
          onChange={(prefix) => {
            change({ prefix });
          }}
        />
        <SelectFilter
          label="State"
          value={search['paused']}
          options={[
            { value: '', label: 'All' },
            { value: 'false', label: 'Not paused' },
            { value: 'true', label: 'Paused' },
          ]}
          onChange={(paused) => {
            change({ paused });
          }}
        />
      </Filters>
      <ScheduleList prefix={search['prefix']} paused={search['paused']} />
    </Page>
  );
}

function ScheduleList({
  prefix,
  paused,
}: {
  readonly prefix: string | undefined;
  readonly paused: string | undefined;
}) {
  const query = useInfiniteQuery({
    queryKey: ['schedules', 'pages', prefix, paused],
    initialPageParam: '',
    queryFn: ({ signal, pageParam }) =>
      request<ScheduleListResponse['data']>('GET', '/schedules', {
        query: { limit: PAGE_SIZE, prefix, paused, cursor: pageParam },
        signal,
      }),
    getNextPageParam: ({ next_cursor }) => next_cursor,
    refetchInterval: useRefetchInterval({ live: 10_000, polling: 10_000 }),
  });
  if (query.data === undefined) {
    if (query.error === null) return <Skeleton lines={8} />;
    return <ErrorState error={query.error} onRetry={() => void query.refetch()} />;
  }
  const schedules = query.data.pages.flatMap((page) => page.schedules);
  return (
    <>
      <ErrorNote error={query.error} />
      <Table
        caption="Schedules"
        columns={COLUMNS}
        rows={schedules}
        rowKey={({ id }) => id}
        empty={<NoSchedules filtered={prefix !== undefined || paused !== undefined} />}
      />
      {schedules.length > 0 && (
        <div className={styles.more}>
          <span className="muted">
            {formatCountOf(schedules.length, 'schedule')}
            {query.hasNextPage ? ' shown, in the order of their keys' : ''}
          </span>
          {query.hasNextPage && (
            <Button busy={query.isFetchingNextPage} onClick={() => void query.fetchNextPage()}>
              Show more
            </Button>
          )}
        </div>
      )}
    </>
  );
}

function NoSchedules({ filtered }: { readonly filtered: boolean }) {
  const session = useSession();
  const { write } = usePermissions();
  if (filtered)
    return (
      <EmptyState title="No schedule matches" action={<ButtonLink to="/schedules">Show all</ButtonLink>}>
        Of the schedules of the API key {session?.name ?? ''}, none has such a key and state.
      </EmptyState>
    );
  return (
    <EmptyState
      title="No schedules yet"
      action={write ? <ButtonLink to="/new-schedule">New schedule</ButtonLink> : undefined}
    >
      A schedule stores timers again and again. Those stored with the API key {session?.name ?? ''} are shown
      here; each key has its own.
    </EmptyState>
  );
}
