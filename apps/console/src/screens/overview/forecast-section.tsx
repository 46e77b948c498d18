import { useQuery } from '@tanstack/react-query';
import { Link, useNavigate } from '@tanstack/react-router';
import type { Forecast } from '@timer-platform/callback-types';
import { useMemo } from 'react';
import { apiQuery } from '../../api/queries.ts';
import { Chart } from '../../components/chart.tsx';
import { Count } from '../../components/number.tsx';
import { Section } from '../../components/page.tsx';
import { QueryView } from '../../components/query-view.tsx';
import { formatCount, formatShortCount } from '../../lib/format-number.ts';
import { largestDestinations, totalOf } from './forecast.ts';
import styles from './overview.module.css';

const MINUTE = 60_000;

const SPANS = [
  { title: 'Next hour', until: '1h', bucket: '1m', refetchMs: MINUTE },
  { title: 'Next day', until: '24h', bucket: '30m', refetchMs: 5 * MINUTE },
] as const;

/** What becomes due in the next hour and day, and where it goes. */
export function ForecastSection() {
  return (
    <>
      <div className={styles.columns}>
        {SPANS.map((span) => (
          <SpanForecast key={span.until} {...span} />
        ))}
      </div>
    </>
  );
}

function SpanForecast({ title, until, bucket, refetchMs }: (typeof SPANS)[number]) {
  const forecast = useQuery({
    ...apiQuery<Forecast>('/forecast', { until, bucket, by: 'destination' }),
    refetchInterval: refetchMs,
    staleTime: refetchMs / 2,
  });
  return (
    <Section
      title={`Forecast: ${title.toLowerCase()}`}
      aside={forecast.data !== undefined && <Total forecast={forecast.data} />}
    >
      <div className={styles.card}>
        <QueryView query={forecast} lines={6}>
          {(data) => (
            <>
              <ForecastChart title={title} forecast={data} />
              <Destinations forecast={data} />
            </>
          )}
        </QueryView>
      </div>
    </Section>
  );
}

function Total({ forecast }: { readonly forecast: Forecast }) {
  const { pending, occurrences, estimated } = totalOf(forecast);
  return (
    <span className="muted">
      <Count value={pending + occurrences} estimated={estimated} /> callbacks
      {occurrences > 0 && (
        <>
          , <Count value={occurrences} estimated={estimated} /> by schedules
        </>
      )}
    </span>
  );
}

function ForecastChart({ title, forecast }: { readonly title: string; readonly forecast: Forecast }) {
  const navigate = useNavigate();
  const { buckets, until, exact_until: exactUntil } = forecast;
  const { times, series } = useMemo(() => {
    const occurrences = buckets.map((bucket) => bucket.occurrences);
    const pending = buckets.map((bucket) => bucket.pending);
    return {
      times: buckets.map(({ start }) => Date.parse(start)),
      series: [
        {
          label: 'by schedules, not stored yet',
          color: 'muted',
          kind: 'bars',
          legend: occurrences,
          values: pending.map((count, index) => count + (occurrences[index] ?? 0)),
        },
        { label: 'timers', color: 'accent', kind: 'bars', values: pending },
      ] as const,
    };
  }, [buckets]);
  const { pending, occurrences } = totalOf(forecast);
  const estimated = exactUntil < until;
  return (
    <Chart
      description={`${title}: ${formatCount(pending)} timers become due, and ${formatCount(occurrences)} occurrences of schedules that are not stored yet.`}
      times={times}
      series={series}
      height={130}
      format={formatShortCount}
      estimatedFrom={estimated ? Date.parse(exactUntil) : undefined}
      onSelect={(index) => {
        const from = buckets[index]?.start;
        const before = buckets[index + 1]?.start ?? until;
        if (from !== undefined)
          void navigate({ to: '/timers', search: { status: 'pending', due_from: from, due_before: before } });
      }}
      caption={
        estimated
          ? 'Shaded: estimated from a sample. Choose a bar to see its timers.'
          : 'Choose a bar to see its timers.'
      }
    />
  );
}

function Destinations({ forecast }: { readonly forecast: Forecast }) {
  const rows = largestDestinations(forecast);
  if (rows.length === 0) return <p className={styles.nothing}>Nothing becomes due.</p>;
  return (
    <ul className={styles.shares} aria-label="Largest destinations">
      {rows.map(({ destination, total, share }) => (
        <li key={destination ?? ''} className={styles.share}>
          <span className={styles.shareName}>
            {destination === null ? (
              <span className="muted">all others</span>
            ) : (
              <Link
                to="/timers"
                search={{
                  status: 'pending',
                  destination,
                  due_from: forecast.from,
                  due_before: forecast.until,
                }}
              >
                {destination}
              </Link>
            )}
          </span>
          <span aria-hidden="true" className={styles.shareTrack}>
            <span className={styles.shareBar} style={{ width: `${share * 100}%` }} />
          </span>
          <span className={styles.shareCount}>
            <Count value={total} />
          </span>
        </li>
      ))}
    </ul>
  );
}
