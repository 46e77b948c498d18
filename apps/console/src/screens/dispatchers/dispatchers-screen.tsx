import { useQuery } from '@tanstack/react-query';
import type { Dispatcher, DispatcherListResponse } from '@timer-platform/callback-types';
import { useRefetchInterval } from '../../api/live.ts';
import { apiQuery } from '../../api/queries.ts';
import { Instant } from '../../components/instant.tsx';
import { None } from '../../components/none.tsx';
import { Count } from '../../components/number.tsx';
import { Page } from '../../components/page.tsx';
import { QueryView } from '../../components/query-view.tsx';
import { EmptyState } from '../../components/states.tsx';
import { Badge } from '../../components/status-badge.tsx';
import { type Column, Table } from '../../components/table.tsx';
import styles from './dispatchers.module.css';

const COLUMNS: readonly Column<Dispatcher>[] = [
  { key: 'name', header: 'Dispatcher', grow: true, cell: (row) => <Name dispatcher={row} /> },
  {
    key: 'state',
    header: 'State',
    cell: ({ state }) =>
      state === 'alive' ? <Badge tone="good">alive</Badge> : <Badge tone="bad">stalled</Badge>,
  },
  {
    key: 'heartbeat',
    header: 'Heartbeat',
    cell: ({ heartbeat_at: at }) => <Instant at={at} relative="only" />,
  },
  { key: 'in-flight', header: 'In flight', cell: (row) => <InFlight dispatcher={row} /> },
  { key: 'held', header: 'Held', align: 'end', cell: ({ load }) => <Count value={load?.held} /> },
  { key: 'waiting', header: 'Waiting', align: 'end', cell: ({ load }) => <Count value={load?.waiting} /> },
  {
    key: 'unsettled',
    header: 'Not yet written',
    align: 'end',
    optional: true,
    cell: ({ load }) => <Count value={load?.unsettled} />,
  },
  {
    key: 'started',
    header: 'Started',
    optional: true,
    cell: ({ started_at: at }) => <Instant at={at} precision="minute" relative />,
  },
];

/** The processes that deliver timers. */
export function DispatchersScreen() {
  const query = useQuery({
    ...apiQuery<DispatcherListResponse['data']>('/dispatchers'),
    refetchInterval: useRefetchInterval({ live: 3_000, polling: 3_000 }),
  });
  return (
    <Page title="Dispatchers">
      <QueryView query={query}>
        {({ dispatchers }) => (
          <>
            <p className="muted">
              In flight: attempts under way. Held: timers in memory, those that wait for an attempt among
              them. A dispatcher without heartbeats loses its timers to the others.
            </p>
            <Table
              caption="Dispatchers"
              columns={COLUMNS}
              rows={dispatchers}
              rowKey={({ id }) => id}
              empty={
                <EmptyState title="No dispatcher">
                  Nothing is delivered until a timer service with dispatching enabled runs on this database.
                </EmptyState>
              }
            />
          </>
        )}
      </QueryView>
    </Page>
  );
}

function Name({
  dispatcher: { name, version, node, problem, reported_at: reportedAt },
}: {
  readonly dispatcher: Dispatcher;
}) {
  return (
    <>
      <div className={styles.name} title={name}>
        {name}
      </div>
      {problem === null ? (
        <div className={styles.note}>
          {reportedAt === null
            ? 'No report yet'
            : [version, node].filter((part) => part !== null).join(', Node.js ')}
        </div>
      ) : (
        <div className={styles.problem}>{problem}</div>
      )}
    </>
  );
}

function InFlight({ dispatcher: { load } }: { readonly dispatcher: Dispatcher }) {
  if (load === null) return <None />;
  const share = Math.min(1, load.in_flight / Math.max(1, load.max_in_flight));
  return (
    <div className={styles.load}>
      <span className={styles.track} aria-hidden="true">
        <span className={styles.bar} style={{ width: `${share * 100}%` }} />
      </span>
      <Count value={load.in_flight} />
      <span className="muted">
        of <Count value={load.max_in_flight} />
      </span>
    </div>
  );
}
