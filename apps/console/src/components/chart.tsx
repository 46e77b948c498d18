import { lazy, type ReactNode, Suspense } from 'react';
import styles from './chart.module.css';
import type { ChartProps } from './chart-props.ts';

/** uPlot is loaded with the first chart. */
// eslint-disable-next-line @typescript-eslint/naming-convention -- a component that is no function
const LazyPlot = lazy(async () => ({ default: (await import('./plot.tsx')).Plot }));

/** A chart over time, in the chosen zone. */
export function Chart({ caption, ...props }: ChartProps & { readonly caption?: ReactNode }) {
  const height = props.height ?? 160;
  return (
    <figure className={styles.figure} aria-label={props.description}>
      <Suspense fallback={<div className={styles.waiting} style={{ height }} />}>
        <LazyPlot {...props} height={height} />
      </Suspense>
      {caption !== undefined && <figcaption className={styles.caption}>{caption}</figcaption>}
    </figure>
  );
}
