import { useQuery } from '@tanstack/react-query';
import type { DestinationListResponse, Stats } from '@timer-platform/callback-types';
import { useRefetchInterval } from '../../api/live.ts';
import { apiQuery } from '../../api/queries.ts';
import { Page } from '../../components/page.tsx';
import { QueryView } from '../../components/query-view.tsx';
import { Figures } from './figures.tsx';
import { ForecastSection } from './forecast-section.tsx';
import { LastHour } from './last-hour.tsx';
import { LiveTimersSection } from './live-timers-section.tsx';
import styles from './overview.module.css';
import { ProblemList } from './problem-list.tsx';
import { StateCounts } from './state-counts.tsx';
import { useLiveStats } from './use-live-stats.ts';

/** Whether anything is wrong, how much there is to do, and what is coming. */
export function OverviewScreen() {
  const refetchInterval = useRefetchInterval({ live: 10_000, polling: 3_000 });
  const stats = useQuery({ ...apiQuery<Stats>('/stats'), refetchInterval });
  const destinations = useQuery({
    ...apiQuery<DestinationListResponse['data']>('/destinations'),
    refetchInterval,
  });
  const live = useLiveStats();
  return (
    <Page title="Overview">
      <QueryView query={stats} lines={8}>
        {(data) => (
          <>
            <ProblemList stats={data} live={live} destinations={destinations.data?.destinations ?? []} />
            <Figures stats={data} live={live} />
            <div className={styles.columns}>
              <LastHour stats={data} />
            </div>
            <ForecastSection />
            <div className={styles.columns}>
              <StateCounts counts={data.counts} />
              <LiveTimersSection />
            </div>
          </>
        )}
      </QueryView>
    </Page>
  );
}
