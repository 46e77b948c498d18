import { Link } from '@tanstack/react-router';
import type { TimerSummary } from '@timer-platform/callback-types';
import type { ReactNode } from 'react';
import { Instant } from '../../components/instant.tsx';
import { StatusBadge } from '../../components/status-badge.tsx';
import { type Column, Table } from '../../components/table.tsx';
import { shortId } from '../../timers/short-id.ts';
import styles from './timers-screen.module.css';

/** Rows that are selected; absent where the role may not change many. */
export interface Selection {
  readonly ids: ReadonlySet<string>;
  readonly toggle: (id: string) => void;
  readonly toggleAll: () => void;
}

interface TimerTableProps {
  readonly timers: readonly TimerSummary[];
  readonly selection: Selection | undefined;
  readonly empty: ReactNode;
  readonly stale: boolean;
}

export function TimerTable({ timers, selection, empty, stale }: TimerTableProps) {
  return (
    <Table
      caption="Timers"
      onPhone="rows"
      columns={selection === undefined ? COLUMNS : [selectionColumn(selection, timers), ...COLUMNS]}
      rows={timers}
      rowKey={({ id }) => id}
      empty={empty}
      stale={stale}
      isSelected={({ id }) => selection?.ids.has(id) === true}
    />
  );
}

function selectionColumn(selection: Selection, timers: readonly TimerSummary[]): Column<TimerSummary> {
  const all = timers.length > 0 && timers.every(({ id }) => selection.ids.has(id));
  return {
    key: 'select',
    header: (
      <label className={styles.tick}>
        <span className="visually-hidden">Select all that are shown</span>
        <input
          type="checkbox"
          checked={all}
          ref={(input) => {
            if (input !== null) input.indeterminate = !all && selection.ids.size > 0;
          }}
          onChange={selection.toggleAll}
        />
      </label>
    ),
    cell: ({ id }) => (
      <label className={styles.tick}>
        <span className="visually-hidden">Select {shortId(id)}</span>
        <input
          type="checkbox"
          checked={selection.ids.has(id)}
          onChange={() => {
            selection.toggle(id);
          }}
        />
      </label>
    ),
  };
}

const COLUMNS: readonly Column<TimerSummary>[] = [
  {
    key: 'status',
    header: 'Status',
    cell: ({ status, paused }) => <StatusBadge status={status} paused={paused} />,
  },
  {
    key: 'timer',
    header: 'Timer',
    cell: (timer) => (
      <>
        <Link
          to="/timers/$id"
          params={{ id: timer.id }}
          className={styles.name}
          data-row-link=""
          data-timer={timer.id}
          title={timer.id}
        >
          {nameOf(timer)}
        </Link>
        <span className={styles.below}>{timer.last_error ?? timer.destination}</span>
      </>
    ),
  },
  { key: 'due', header: 'Due', cell: ({ due_at }) => <Instant at={due_at} relative="only" /> },
  {
    key: 'due_at',
    header: 'Due at',
    optional: true,
    cell: ({ due_at }) => <Instant at={due_at} />,
  },
  {
    key: 'destination',
    header: 'Destination',
    optional: true,
    cell: ({ destination }) => (
      <span className={styles.destination} title={destination ?? undefined}>
        {destination ?? '–'}
      </span>
    ),
  },
  {
    key: 'error',
    header: 'Attempts, last error',
    optional: true,
    grow: true,
    cell: ({ attempts, last_error }) => (
      <span title={last_error ?? undefined}>
        {last_error === null ? attempts : `${attempts}: ${last_error}`}
      </span>
    ),
  },
];

/** What people call the timer: its key, its schedule, or its id. */
function nameOf({ id, key, schedule_key }: TimerSummary): ReactNode {
  if (key !== null) return key;
  if (schedule_key !== null && schedule_key !== undefined)
    return (
      <>
        {schedule_key} <span className="muted">{shortId(id)}</span>
      </>
    );
  return shortId(id);
}
