import { Link } from '@tanstack/react-router';
import type { Destination } from '@timer-platform/callback-types';
import type { ReactNode } from 'react';
import { usePermissions } from '../../api/session.ts';
import { Button } from '../../components/button.tsx';
import { Instant } from '../../components/instant.tsx';
import { None } from '../../components/none.tsx';
import { Count, Duration } from '../../components/number.tsx';
import { Badge } from '../../components/status-badge.tsx';
import { type Column, Table } from '../../components/table.tsx';
import { formatNumber } from '../../lib/format-number.ts';
import styles from './destinations.module.css';

interface DestinationTableProps {
  readonly destinations: readonly Destination[];
  readonly empty: ReactNode;
  readonly onPause: (destination: Destination) => void;
  readonly onResume: (destination: Destination) => void;
  readonly onLimits: (destination: Destination) => void;
}

const COLUMNS: readonly Column<Destination>[] = [
  { key: 'destination', header: 'Destination', grow: true, cell: (row) => <Name destination={row} /> },
  { key: 'state', header: 'State', cell: (row) => <State destination={row} /> },
  {
    key: 'waiting',
    header: 'Waiting',
    align: 'end',
    cell: (row) =>
      row.paused_at === null ? (
        <Count value={row.waiting} />
      ) : (
        <Count value={row.waiting_paused} estimated={row.waiting_paused_estimated} />
      ),
  },
  {
    key: 'in-flight',
    header: 'In flight',
    align: 'end',
    cell: ({ in_flight: inFlight, max_in_flight: most }) => <OfLimit value={inFlight} limit={most} />,
  },
  {
    key: 'attempts',
    header: 'Per minute',
    align: 'end',
    cell: ({ attempts_per_minute: attempts, failures_per_minute: failures }) => (
      <>
        <div className="number">{formatNumber(attempts)}</div>
        {failures > 0 && <div className={styles.failing}>{formatNumber(failures)} failed</div>}
      </>
    ),
  },
  {
    key: 'duration',
    header: 'Takes',
    align: 'end',
    optional: true,
    cell: (row) => (
      <>
        <Duration ms={row.duration_p50_ms} />
        {row.duration_p99_ms !== null && (
          <div className={styles.note}>
            p99 <Duration ms={row.duration_p99_ms} />
          </div>
        )}
      </>
    ),
  },
  {
    key: 'rate',
    header: 'Limit/s',
    align: 'end',
    cell: ({ rate_per_second: rate }) =>
      rate === null ? <None /> : <span className="number">{formatNumber(rate)}</span>,
  },
];

export function DestinationTable({ destinations, empty, ...actions }: DestinationTableProps) {
  const { admin } = usePermissions();
  const columns = admin
    ? [
        ...COLUMNS,
        {
          key: 'actions',
          header: <span className="visually-hidden">Change</span>,
          align: 'end',
          cell: (row: Destination) => <Actions destination={row} {...actions} />,
        } as const,
      ]
    : COLUMNS;
  return (
    <Table
      caption="Destinations"
      columns={columns}
      rows={destinations}
      rowKey={({ destination }) => destination}
      empty={empty}
    />
  );
}

function Name({
  destination: { destination, pause_note: note, paused_at: pausedAt, last_failure: failure },
}: {
  readonly destination: Destination;
}) {
  return (
    <div className={styles.name}>
      <Link to="/timers" search={{ destination }} data-row-link="" title={destination}>
        {destination}
      </Link>
      {pausedAt !== null && note !== null && <div className={styles.note}>“{note}”</div>}
      {failure !== null && (
        <div className={styles.note} title={failure.error}>
          <Instant at={failure.at} relative="only" />: {failure.error}
        </div>
      )}
    </div>
  );
}

function State({ destination }: { readonly destination: Destination }) {
  const { paused_at: pausedAt, breaker, breaker_open_until: until } = destination;
  return (
    <>
      {pausedAt !== null && (
        <>
          <Badge tone="warn" sign="‖">
            paused
          </Badge>
          <div className={styles.note}>
            <Instant at={pausedAt} relative="only" />
          </div>
        </>
      )}
      {breaker !== 'closed' && <Badge tone={breaker === 'open' ? 'bad' : 'warn'}>breaker {breaker}</Badge>}
      {breaker === 'open' && until !== null && (
        <div className={styles.note}>
          next try <Instant at={until} relative="only" />
        </div>
      )}
      {pausedAt === null && breaker === 'closed' && <Badge tone="good">ready</Badge>}
    </>
  );
}

function OfLimit({ value, limit }: { readonly value: number; readonly limit: number | null }) {
  return (
    <>
      <Count value={value} />
      {limit !== null && (
        <span className="muted">
          {' '}
          of <Count value={limit} />
        </span>
      )}
    </>
  );
}

function Actions({
  destination,
  onPause,
  onResume,
  onLimits,
}: Omit<DestinationTableProps, 'destinations' | 'empty'> & { readonly destination: Destination }) {
  const name = destination.destination;
  return (
    <div className={styles.actions}>
      {destination.paused_at === null ? (
        <Button small onClick={() => onPause(destination)} aria-label={`Pause ${name}`}>
          Pause
        </Button>
      ) : (
        <Button small onClick={() => onResume(destination)} aria-label={`Resume ${name}`}>
          Resume
        </Button>
      )}
      <Button small onClick={() => onLimits(destination)} aria-label={`Limits of ${name}`}>
        Limits
      </Button>
    </div>
  );
}
