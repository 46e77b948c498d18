import type { Stats } from '@timer-platform/callback-types';
import { useMemo } from 'react';
import { Chart } from '../../components/chart.tsx';
import { Section } from '../../components/page.tsx';
import { formatMark, formatMilliseconds } from '../../lib/format-duration.ts';
import { formatCount, formatShortCount } from '../../lib/format-number.ts';
import styles from './overview.module.css';

/** Lateness below this is drawn as this: the scale is logarithmic. */
const LEAST_MS = 1;

/** What was delivered, retried and failed in each minute, and how late. */
export function LastHour({ stats: { minutes, last_5_minutes: last } }: { readonly stats: Stats }) {
  const charts = useMemo(() => {
    const times = minutes.map(({ minute }) => Date.parse(minute));
    const delivered = minutes.map((minute) => minute.delivered);
    const retried = minutes.map((minute) => minute.retried);
    const failed = minutes.map((minute) => minute.failed);
    const atLeast = (ms: number | null) => (ms === null ? null : Math.max(LEAST_MS, ms));
    return {
      times,
      total: delivered.reduce((sum, count) => sum + count, 0),
      failures: failed.reduce((sum, count) => sum + count, 0),
      // Bars stand on one another: the sums are drawn from the highest down.
      attempts: [
        {
          label: 'delivered',
          color: 'accent',
          kind: 'bars',
          legend: delivered,
          values: delivered.map((count, index) => count + (retried[index] ?? 0) + (failed[index] ?? 0)),
        },
        {
          label: 'retried',
          color: 'warn',
          kind: 'bars',
          legend: retried,
          values: retried.map((count, index) => count + (failed[index] ?? 0)),
        },
        { label: 'failed', color: 'bad', kind: 'bars', values: failed },
      ] as const,
      lateness: [
        { label: 'median', color: 'muted', values: minutes.map((minute) => atLeast(minute.lateness_p50_ms)) },
        {
          label: '99th percentile',
          color: 'accent',
          kind: 'area',
          values: minutes.map((minute) => atLeast(minute.lateness_p99_ms)),
        },
      ] as const,
    };
  }, [minutes]);
  const p99 = last.lateness_p99_ms;
  return (
    <>
      <Section title="Attempts per minute" aside={<span className="muted">last hour</span>}>
        <div className={styles.card}>
          <Chart
            description={`Attempts in each minute of the last hour: ${formatCount(charts.total)} delivered, ${formatCount(charts.failures)} failed for good.`}
            times={charts.times}
            series={charts.attempts}
            format={formatShortCount}
          />
        </div>
      </Section>
      <Section title="Lateness" aside={<span className="muted">from due to the start of the attempt</span>}>
        <div className={styles.card}>
          <Chart
            description={`Lateness in each minute of the last hour. In the last 5 minutes the 99th percentile is ${p99 === null ? 'unknown' : formatMilliseconds(p99)}.`}
            times={charts.times}
            series={charts.lateness}
            format={formatMilliseconds}
            formatMark={formatMark}
            logarithmic
          />
        </div>
      </Section>
    </>
  );
}
