import { Link, useNavigate, useSearch } from '@tanstack/react-router';
import { useState } from 'react';
import { usePermissions } from '../../api/session.ts';
import { Button } from '../../components/button.tsx';
import { ButtonLink } from '../../components/button-link.tsx';
import { Filters, TextFilter } from '../../components/filters.tsx';
import { Instant } from '../../components/instant.tsx';
import { Count } from '../../components/number.tsx';
import { Page } from '../../components/page.tsx';
import { EmptyState, ErrorNote, ErrorState, Skeleton } from '../../components/states.tsx';
import { type Column, Table } from '../../components/table.tsx';
import { formatInstant } from '../../lib/format-instant.ts';
import { formatCount, formatCountOf } from '../../lib/format-number.ts';
import { useTimeZone } from '../../preferences/preferences.ts';
import type { BulkTarget } from '../../timers/bulk-change.ts';
import { BulkDialog } from '../../timers/bulk-dialog.tsx';
import { toListSearch } from '../../timers/timer-filters.ts';
import { type ErrorGroup, groupErrors, groupFilter } from './error-groups.ts';
import styles from './failures-screen.module.css';
import { useFailures } from './use-failures.ts';

/** What fails, by destination and error, and the means to retry it. */
export function FailuresScreen() {
  const { destination } = useSearch({ from: '/shell/failures' });
  const navigate = useNavigate({ from: '/failures' });
  const permissions = usePermissions();
  const zone = useTimeZone();
  const [retrying, setRetrying] = useState<ErrorGroup>();
  const { query, timers, total, totalEstimated, isWhole } = useFailures(destination);
  const groups = groupErrors(timers);
  return (
    <Page
      title="Failures"
      aside={
        total !== null && (
          <span className="muted">
            <Count value={total} estimated={totalEstimated} /> failed
          </span>
        )
      }
      actions={
        <ButtonLink
          to="/timers"
          search={toListSearch({ status: 'failed', ...(destination === undefined ? {} : { destination }) })}
        >
          List them
        </ButtonLink>
      }
    >
      <Filters label="Failures">
        <TextFilter
          label="Destination"
          main
          wide
          value={destination}
          placeholder="https://example.com"
          onChange={(value) => void navigate({ search: value === undefined ? {} : { destination: value } })}
        />
      </Filters>
      {query.data === undefined && query.error === null && <Skeleton lines={6} />}
      {query.data === undefined && query.error !== null && (
        <ErrorState error={query.error} onRetry={() => void query.refetch()} />
      )}
      {query.data !== undefined && (
        <>
          <ErrorNote error={query.error} />
          <Table
            caption="Failures by destination and error"
            columns={permissions.admin ? [...COLUMNS, retryColumn(setRetrying)] : COLUMNS}
            rows={groups}
            rowKey={({ id }) => id}
            stale={query.isRefetching && !query.isFetchingNextPage}
            empty={
              <EmptyState title="Nothing has failed">
                {destination === undefined
                  ? 'No timer is in the state failed. Attempts that are retried still do not count.'
                  : `No timer to ${destination} is in the state failed.`}
              </EmptyState>
            }
          />
          <div className={styles.foot}>
            {isWhole ? (
              groups.length > 0 && (
                <span className="muted">
                  {formatCountOf(groups.length, 'group')} of all{' '}
                  {formatCountOf(timers.length, 'failed timer')}.
                </span>
              )
            ) : (
              <>
                <span>
                  {formatCountOf(groups.length, 'group')} of the {formatCount(timers.length)} failed timers
                  that were due last; there are older ones.
                </span>
                {query.hasNextPage ? (
                  <Button small busy={query.isFetchingNextPage} onClick={() => void query.fetchNextPage()}>
                    Read 1,000 more
                  </Button>
                ) : (
                  <span className="muted">That is the most; filter by destination to see others.</span>
                )}
              </>
            )}
          </div>
        </>
      )}
      {retrying !== undefined && (
        <BulkDialog
          kind="retry"
          target={targetOf(retrying, zone)}
          note={<Note group={retrying} isWhole={isWhole} />}
          onClose={() => {
            setRetrying(undefined);
          }}
        />
      )}
    </Page>
  );
}

function targetOf(group: ErrorGroup, zone: string): BulkTarget {
  const filter = groupFilter(group);
  const { destination, last_error, failed_from } = filter;
  return {
    filter,
    words: [
      ...(destination === undefined ? [] : [`Destination: ${destination}`]),
      ...(last_error === undefined ? [] : [`Error contains: ${last_error}`]),
      ...(failed_from === undefined ? [] : [`Failed since ${formatInstant(Date.parse(failed_from), zone)}`]),
    ],
  };
}

function Note({
  group: { count, fragment, error },
  isWhole,
}: {
  readonly group: ErrorGroup;
  readonly isWhole: boolean;
}) {
  const shown = `The group shows ${formatCount(count)}.`;
  if (fragment === null)
    return (
      <>{shown} Its errors have no text in common to search for: every failure there since then is retried.</>
    );
  if (fragment !== error) return <>{shown} Others whose error contains the same text are retried, too.</>;
  return isWhole ? shown : `${shown} Those that were not read are counted here.`;
}

const COLUMNS: readonly Column<ErrorGroup>[] = [
  {
    key: 'error',
    header: 'Error',
    grow: true,
    cell: ({ error, destination, fragment }) => (
      <Link
        to="/timers"
        search={toListSearch({
          status: 'failed',
          ...(destination === null ? {} : { destination }),
          ...(fragment === null ? {} : { last_error: fragment }),
        })}
        data-row-link=""
        title={error}
      >
        {error}
      </Link>
    ),
  },
  {
    key: 'destination',
    header: 'Destination',
    cell: ({ destination }) => <span className={styles.destination}>{destination ?? '–'}</span>,
  },
  { key: 'count', header: 'Timers', align: 'end', cell: ({ count }) => <Count value={count} /> },
  { key: 'last', header: 'Last', cell: ({ lastAt }) => <Instant at={lastAt} relative="only" /> },
  {
    key: 'first',
    header: 'First',
    optional: true,
    cell: ({ firstAt }) => <Instant at={firstAt} relative="only" />,
  },
  {
    key: 'latest',
    header: 'Latest timer',
    optional: true,
    cell: ({ latest }) => (
      <Link to="/timers/$id" params={{ id: latest.id }} className="mono">
        {latest.key ?? latest.id.slice(0, 8)}
      </Link>
    ),
  },
];

function retryColumn(onRetry: (group: ErrorGroup) => void): Column<ErrorGroup> {
  return {
    key: 'retry',
    header: <span className="visually-hidden">Retry</span>,
    align: 'end',
    cell: (group) => (
      <Button
        small
        onClick={() => {
          onRetry(group);
        }}
      >
        Retry…
      </Button>
    ),
  };
}
