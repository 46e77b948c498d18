import { useQuery } from '@tanstack/react-query';
import { useNavigate, useSearch } from '@tanstack/react-router';
import type { Destination, DestinationListResponse } from '@timer-platform/callback-types';
import { useState } from 'react';
import { useLiveEvent, useRefetchInterval } from '../../api/live.ts';
import { apiQuery } from '../../api/queries.ts';
import { Filters, SelectFilter, TextFilter } from '../../components/filters.tsx';
import { Page } from '../../components/page.tsx';
import { QueryView } from '../../components/query-view.tsx';
import { EmptyState } from '../../components/states.tsx';
import { formatCountOf } from '../../lib/format-number.ts';
import { DestinationTable } from './destination-table.tsx';
import { filterDestinations } from './filter-destinations.ts';
import { LimitsDialog } from './limits-dialog.tsx';
import { PauseDialog } from './pause-dialog.tsx';
import { ResumeDialog } from './resume-dialog.tsx';

/** A dialog that is open, and about which destination. */
interface OpenDialog {
  readonly kind: 'pause' | 'resume' | 'limits';
  readonly destination: Destination;
}

const STATES = [
  { value: '', label: 'All' },
  { value: 'breaker', label: 'Breaker open' },
  { value: 'paused', label: 'Paused' },
  { value: 'limited', label: 'With limits' },
  { value: 'failing', label: 'Failing' },
];

/** Where callbacks go: how it is doing, and what may be sent there. */
export function DestinationsScreen() {
  const search = useSearch({ from: '/shell/destinations' });
  const navigate = useNavigate();
  const [dialog, setDialog] = useState<OpenDialog | null>(null);
  const query = useQuery({
    ...apiQuery<DestinationListResponse['data']>('/destinations'),
    refetchInterval: useRefetchInterval({ live: 5_000, polling: 3_000 }),
  });
  useLiveEvent('destinations', () => void query.refetch());
  const close = () => setDialog(null);
  const change = (fields: Record<string, string | undefined>) =>
    void navigate({ to: '/destinations', search: { ...search, ...fields }, replace: true });
  return (
    <Page title="Destinations">
      <Filters label="Filter destinations">
        <TextFilter
          main
          wide
          label="Destination"
          placeholder="Part of its name"
          value={search['q']}
          onChange={(q) => change({ q })}
        />
        <SelectFilter
          label="State"
          value={search['state']}
          options={STATES}
          onChange={(state) => change({ state })}
        />
      </Filters>
      <QueryView query={query} lines={6}>
        {({ destinations }) => {
          const shown = filterDestinations(destinations, search);
          return (
            <>
              <p className="muted" role="status">
                {shown.length === destinations.length
                  ? formatCountOf(destinations.length, 'destination')
                  : `${shown.length} of ${formatCountOf(destinations.length, 'destination')}`}
                , of the last 10 seconds and those with settings
              </p>
              <DestinationTable
                destinations={shown}
                empty={<NoDestinations filtered={destinations.length > 0} />}
                onPause={(destination) => setDialog({ kind: 'pause', destination })}
                onResume={(destination) => setDialog({ kind: 'resume', destination })}
                onLimits={(destination) => setDialog({ kind: 'limits', destination })}
              />
            </>
          );
        }}
      </QueryView>
      {dialog?.kind === 'pause' && <PauseDialog destination={dialog.destination} onClose={close} />}
      {dialog?.kind === 'resume' && <ResumeDialog destination={dialog.destination} onClose={close} />}
      {dialog?.kind === 'limits' && <LimitsDialog destination={dialog.destination} onClose={close} />}
    </Page>
  );
}

function NoDestinations({ filtered }: { readonly filtered: boolean }) {
  if (filtered) return <EmptyState title="No destination matches">Change the filters above.</EmptyState>;
  return (
    <EmptyState title="No destinations now">
      A destination appears when a dispatcher delivers to it, and stays while it is paused or has limits.
    </EmptyState>
  );
}
