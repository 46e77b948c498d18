import { useNavigate, useSearch } from '@tanstack/react-router';
import { useState } from 'react';
import { usePermissions } from '../../api/session.ts';
import { Button } from '../../components/button.tsx';
import { ButtonLink } from '../../components/button-link.tsx';
import { Instant } from '../../components/instant.tsx';
import { Menu, MenuItem } from '../../components/menu.tsx';
import { Count } from '../../components/number.tsx';
import { Page } from '../../components/page.tsx';
import { EmptyState, ErrorNote, ErrorState, Skeleton } from '../../components/states.tsx';
import { useShortcuts } from '../../layout/use-shortcuts.ts';
import { now } from '../../lib/clock.ts';
import { formatCount, formatCountOf } from '../../lib/format-number.ts';
import { useTimeZone } from '../../preferences/preferences.ts';
import { BULK_WORDS, type BulkKind, type BulkTarget, changesOf } from '../../timers/bulk-change.ts';
import { BulkDialog } from '../../timers/bulk-dialog.tsx';
import { filterWords } from '../../timers/filter-words.ts';
import {
  type FilterName,
  type ListAddress,
  parseListAddress,
  toBulkFilter,
  toListSearch,
  withFilter,
} from '../../timers/timer-filters.ts';
import { FilterBar } from './filter-bar.tsx';
import { type Selection, TimerTable } from './timer-table.tsx';
import styles from './timers-screen.module.css';
import { MAX_ROWS, type TimerList, useTimerList } from './use-timer-list.ts';

/** Finds timers, and changes many of them. */
export function TimersScreen() {
  const address = parseListAddress(useSearch({ from: '/shell/timers' }));
  const permissions = usePermissions();
  const navigate = useNavigate({ from: '/timers' });
  const list = useTimerList(address);
  const show = (filters: ListAddress['filters'], sort: ListAddress['sort']) =>
    void navigate({ search: toListSearch(filters, sort) });
  const onFilter = (name: FilterName, value: string | undefined) => {
    show(withFilter(address.filters, name, value), address.sort);
  };
  return (
    <Page
      title="Timers"
      aside={<Total list={list} />}
      actions={
        permissions.write && (
          <ButtonLink kind="primary" to="/new-timer">
            New timer
          </ButtonLink>
        )
      }
    >
      <FilterBar
        address={address}
        onFilter={onFilter}
        onSort={(sort) => {
          show(address.filters, sort);
        }}
        onClear={() => {
          show({}, address.sort);
        }}
      />
      {address.problems.length > 0 ? (
        <ErrorState
          error={new Error(`The address has values that make no sense: ${address.problems.join(', ')}.`)}
          onRetry={() => {
            show(address.filters, address.sort);
          }}
        />
      ) : (
        <List address={address} list={list} canChange={permissions.admin} onFilter={onFilter} />
      )}
    </Page>
  );
}

function Total({ list: { total, totalEstimated, first } }: { readonly list: TimerList }) {
  if (first.data === undefined) return null;
  if (total === null) return <span className="muted">not counted: searched page by page</span>;
  return (
    <span className="muted">
      <Count value={total} estimated={totalEstimated} />
    </span>
  );
}

interface ListProps {
  readonly address: ListAddress;
  readonly list: TimerList;
  readonly canChange: boolean;
  readonly onFilter: (name: FilterName, value: string | undefined) => void;
}

function List({ address, list, canChange, onFilter }: ListProps) {
  const zone = useTimeZone();
  const [change, setChange] = useState<{ readonly kind: BulkKind; readonly target: BulkTarget }>();
  const selection = useSelection(address, list);
  const selected = list.timers.filter(({ id }) => selection.ids.has(id));
  useShortcuts({
    ...(canChange
      ? {
          x: () => {
            const { activeElement } = document;
            const id = activeElement instanceof HTMLElement ? activeElement.dataset['timer'] : undefined;
            if (id !== undefined) selection.toggle(id);
          },
        }
      : {}),
  });
  if (list.first.data === undefined && list.first.error !== null)
    return <ErrorState error={list.first.error} onRetry={() => void list.first.refetch()} />;
  if (list.first.data === undefined) return <Skeleton lines={10} />;

  const changeSelected = (kind: BulkKind) => {
    setChange({
      kind,
      target: {
        filter: { ids: selected.map(({ id }) => id) },
        words: [`${formatCountOf(selected.length, 'timer')} selected`],
      },
    });
  };
  const changeAll = (kind: BulkKind) => {
    setChange({
      kind,
      target: {
        filter: toBulkFilter(address.filters, now()),
        words: filterWords(address.filters, zone)
          .filter(({ name }) => name !== 'status')
          .map(({ label, value }) => `${label}: ${value}`),
      },
    });
  };
  return (
    <>
      {canChange && (
        <ChangeBar
          selected={selected.map(({ status }) => status)}
          status={address.filters.status}
          hasRows={list.timers.length > 0}
          onSelected={changeSelected}
          onAll={changeAll}
          onClear={selection.clear}
        />
      )}
      <ErrorNote error={list.first.error} />
      <TimerTable
        timers={list.timers}
        selection={canChange ? selection : undefined}
        stale={list.first.isPlaceholderData}
        empty={<Empty address={address} list={list} onFilter={onFilter} />}
      />
      <Foot list={list} />
      {change !== undefined && (
        <BulkDialog
          {...change}
          onClose={() => {
            setChange(undefined);
            selection.clear();
          }}
        />
      )}
    </>
  );
}

/** The selected rows; others than those of this address do not count. */
function useSelection(
  address: ListAddress,
  { timers }: TimerList,
): Selection & { readonly clear: () => void } {
  const of = JSON.stringify(toListSearch(address.filters, address.sort));
  const [state, setState] = useState<{ readonly of: string; readonly ids: ReadonlySet<string> }>({
    of,
    ids: new Set(),
  });
  const shown = new Set(timers.map(({ id }) => id));
  const ids = new Set(state.of === of ? [...state.ids].filter((id) => shown.has(id)) : []);
  return {
    ids,
    toggle: (id) => {
      const next = new Set(ids);
      if (!next.delete(id)) next.add(id);
      setState({ of, ids: next });
    },
    toggleAll: () => {
      setState({ of, ids: ids.size === shown.size ? new Set() : shown });
    },
    clear: () => {
      setState({ of, ids: new Set() });
    },
  };
}

function ChangeBar({
  selected,
  status,
  hasRows,
  onSelected,
  onAll,
  onClear,
}: {
  readonly selected: readonly string[];
  readonly status: string | undefined;
  readonly hasRows: boolean;
  readonly onSelected: (kind: BulkKind) => void;
  readonly onAll: (kind: BulkKind) => void;
  readonly onClear: () => void;
}) {
  const ofAll = changesOf(status);
  const ofSelected = changesOf(undefined).filter((kind) => selected.includes(BULK_WORDS[kind].from));
  return (
    <div className={styles.changes} role="group" aria-label="Change many">
      {selected.length > 0 ? (
        <>
          <span className={styles.selected}>{formatCount(selected.length)} selected</span>
          {ofSelected.map((kind) => (
            <Button
              key={kind}
              small
              kind={kind === 'cancel' ? 'danger' : 'plain'}
              onClick={() => {
                onSelected(kind);
              }}
            >
              {BULK_WORDS[kind].verb}
            </Button>
          ))}
          {ofSelected.length === 0 && (
            <span className="muted">Completed and canceled timers stay as they are.</span>
          )}
          <Button small kind="quiet" onClick={onClear}>
            Clear
          </Button>
        </>
      ) : (
        <span className="muted">Select rows, or</span>
      )}
      {hasRows && ofAll.length > 0 && (
        <Menu label="Change all that match ▾" kind="plain" small align="start">
          {ofAll.map((kind) => (
            <MenuItem
              key={kind}
              danger={kind === 'cancel'}
              onSelect={() => {
                onAll(kind);
              }}
            >
              {BULK_WORDS[kind].verb} all {BULK_WORDS[kind].from} that match…
            </MenuItem>
          ))}
        </Menu>
      )}
    </div>
  );
}

function Empty({ address, list, onFilter }: Omit<ListProps, 'canChange'>) {
  const { filters } = address;
  if (list.hasMore) return <EmptyState title="Nothing found so far">The search goes on below.</EmptyState>;
  if (Object.keys(filters).length === 0)
    return (
      <EmptyState title="There are no timers yet">
        They appear here when a client stores them, or when you make one.
      </EmptyState>
    );
  const { key } = filters;
  return (
    <EmptyState
      title="No timer matches"
      {...(key === undefined
        ? {}
        : {
            action: (
              <Button
                onClick={() => {
                  onFilter('last_error', key);
                  onFilter('key', undefined);
                }}
              >
                Search errors for “{key}”
              </Button>
            ),
          })}
    >
      {key === undefined ? 'Remove a filter to see more.' : `No timer has the key ${key}.`}
    </EmptyState>
  );
}

/** What follows the rows: more of them, or how far the search has come. */
function Foot({ list }: { readonly list: TimerList }) {
  const { timers, hasMore, search, scanned, loadingMore, moreError, loadMore, stopLoading } = list;
  const unfinished = search !== null && !search.complete;
  return (
    <div className={styles.foot}>
      <ErrorNote error={moreError} />
      {unfinished && (
        <span role="status">
          {loadingMore ? 'Searching; so far' : 'Searched'}{' '}
          {search.searched_to === null ? (
            'all'
          ) : (
            <>
              back to <Instant at={search.searched_to} />
            </>
          )}
          , {formatCountOf(scanned, 'timer')} compared.
        </span>
      )}
      {!hasMore && timers.length > 0 && (
        <span className="muted">End of the list: {formatCountOf(timers.length, 'timer')}.</span>
      )}
      {hasMore && timers.length >= MAX_ROWS && (
        <span className="muted">
          {formatCount(timers.length)} are shown, which is the most. Add a filter to see the others.
        </span>
      )}
      {hasMore && timers.length < MAX_ROWS && (
        <>
          {loadingMore && unfinished ? (
            <Button small onClick={stopLoading}>
              Stop
            </Button>
          ) : (
            <Button small busy={loadingMore} onClick={() => void loadMore()}>
              {unfinished ? 'Continue the search' : 'Show more'}
            </Button>
          )}
        </>
      )}
    </div>
  );
}
