import 'uplot/dist/uPlot.min.css';
import { useEffect, useRef, useState } from 'react';
import uPlot from 'uplot';
import { formatInstant, formatTimeOfDay, localParts } from '../lib/format-instant.ts';
import { usePreferences, useTimeZone } from '../preferences/preferences.ts';
import styles from './chart.module.css';
import type { ChartProps, ChartSeries } from './chart-props.ts';

const DAY = 86_400_000;
/** Distr.Logarithmic: a const enum of a declaration, which single files cannot take from there. */
// eslint-disable-next-line @typescript-eslint/no-unsafe-enum-assignment -- see above
const LOGARITHMIC = { distr: 3 } as Pick<uPlot.Scale, 'distr'>;

type PlotProps = ChartProps & { readonly height: number };

/** The chart itself; apart so that uPlot is a file of its own. */
export function Plot(props: PlotProps) {
  const { times, series, height, format } = props;
  const zone = useTimeZone();
  const { theme } = usePreferences();
  const place = useRef<HTMLDivElement>(null);
  const plot = useRef<uPlot | null>(null);
  const [shown, setShown] = useState<number | null>(null);
  const shape = series.map(({ label, kind, color, dashed }) => `${label} ${kind} ${color} ${dashed}`).join();
  const latest = useRef(props);
  useEffect(() => {
    latest.current = props;
  });

  useEffect(() => {
    const element = place.current;
    if (element === null) return;
    const made = new uPlot(optionsOf(latest, element, zone, setShown), dataOf(latest.current), element);
    plot.current = made;
    const resize = new ResizeObserver(() => {
      made.setSize({ width: element.clientWidth, height });
    });
    resize.observe(element);
    const scheme = window.matchMedia('(prefers-color-scheme: dark)');
    const redraw = () => {
      made.redraw();
    };
    scheme.addEventListener('change', redraw);
    return () => {
      scheme.removeEventListener('change', redraw);
      resize.disconnect();
      made.destroy();
      plot.current = null;
    };
  }, [zone, theme, height, shape, props.logarithmic]);

  useEffect(() => {
    plot.current?.setData(dataOf({ times, series }));
  }, [times, series]);

  const index = shown ?? times.length - 1;
  const at = times[index];
  return (
    <>
      <div ref={place} className={styles.plot} style={{ height }} aria-hidden="true" />
      <div className={styles.legend} aria-hidden="true">
        {shown !== null && at !== undefined && <span>{formatInstant(at, zone, 'minute')}</span>}
        {series.map(({ label, values, legend = values, color }) => {
          const value = shown === null ? undefined : legend[index];
          return (
            <span key={label}>
              <span className={styles.key} style={{ background: `var(--chart-${color})` }} />
              {label}
              {value === null || value === undefined ? '' : `: ${format(value)}`}
            </span>
          );
        })}
      </div>
    </>
  );
}

function dataOf({ times, series }: Pick<ChartProps, 'times' | 'series'>): uPlot.AlignedData {
  return [times.map((time) => time / 1_000), ...series.map(({ values }) => [...values])];
}

/** Colours are read when drawn, so that a change of the theme is seen at the next drawing. */
function colour(name: string, alpha = 1): string {
  const value = getComputedStyle(document.documentElement).getPropertyValue(name).trim();
  return alpha === 1 ? value : `color-mix(in srgb, ${value} ${alpha * 100}%, transparent)`;
}

function seriesOf({ label, color, kind = 'line', dashed }: ChartSeries): uPlot.Series {
  const stroke = () => colour(`--chart-${color}`);
  const common = { label, stroke, width: 1.5, points: { show: false } };
  if (kind === 'bars')
    return {
      ...common,
      width: 0,
      fill: () => colour(`--chart-${color}`),
      paths: uPlot.paths.bars?.({ size: [0.8, 40], align: 1 }) ?? null,
    } as uPlot.Series;
  return {
    ...common,
    ...(kind === 'area' ? { fill: () => colour(`--chart-${color}`, 0.14) } : {}),
    ...(dashed === true ? { dash: [4, 4] } : {}),
  };
}

function optionsOf(
  latest: { readonly current: PlotProps },
  element: HTMLElement,
  zone: string,
  setShown: (index: number | null) => void,
): uPlot.Options {
  const { series, height, logarithmic = false, format, formatMark = format } = latest.current;
  const axis = {
    stroke: () => colour('--muted'),
    font: `11px ${getComputedStyle(document.body).fontFamily}`,
    ticks: { show: false },
  };
  return {
    width: element.clientWidth,
    height,
    padding: [8, 8, 0, 0],
    legend: { show: false },
    cursor: { y: false, points: { size: 6 }, drag: { x: false, y: false } },
    scales: {
      x: { time: true },
      y: logarithmic
        ? {
            ...LOGARITHMIC,
            log: 10,
            range: (_, least, most) => [Math.max(0.5, least || 1) / 2, Math.max(10, most) * 2],
          }
        : { range: (_, _least, most) => [0, most > 0 ? most * 1.1 : 1] },
    },
    axes: [
      {
        ...axis,
        grid: { show: false },
        size: 24,
        space: 70,
        values: (_, ticks) => ticks.map((tick) => tickText(tick * 1_000, zone, latest.current.times)),
      },
      {
        ...axis,
        size: 52,
        space: logarithmic ? 18 : 28,
        grid: {
          stroke: () => colour('--border-faint'),
          width: 1,
          ...(logarithmic ? { filter: (_: uPlot, splits: number[]) => splits.map(ifDecade) } : {}),
        },
        ...(logarithmic ? { filter: (_: uPlot, splits: number[]) => splits.map(ifDecade) } : {}),
        // A logarithmic axis has ticks without a text: null, whatever its types say.
        values: (_, ticks: readonly (number | null)[]) =>
          ticks.map((tick) => (tick === null ? '' : formatMark(tick))),
      },
    ],
    series: [{}, ...series.map(seriesOf)],
    hooks: {
      setCursor: [
        ({ cursor: { idx } }) => {
          setShown(idx ?? null);
        },
      ],
      drawClear: [
        (u) => {
          drawEstimated(u, latest.current.estimatedFrom);
        },
      ],
      ready: [
        (u) => {
          u.over.addEventListener('click', () => {
            if (u.cursor.idx !== null && u.cursor.idx !== undefined) latest.current.onSelect?.(u.cursor.idx);
          });
        },
      ],
    },
  };
}

/** Lines of a logarithmic axis are at powers of ten. */
function ifDecade(split: number): number | null {
  return Number.isInteger(Math.log10(split)) ? split : null;
}

function tickText(time: number, zone: string, times: readonly number[]): string {
  const span = (times.at(-1) ?? 0) - (times[0] ?? 0);
  if (span < 2 * DAY) return formatTimeOfDay(time, zone, 'minute');
  return localParts(time, zone).date.slice(5);
}

function drawEstimated(plot: uPlot, from: number | undefined): void {
  if (from === undefined) return;
  const { ctx, bbox } = plot;
  const left = Math.max(bbox.left, plot.valToPos(from / 1_000, 'x', true));
  const right = bbox.left + bbox.width;
  if (left >= right) return;
  ctx.save();
  ctx.fillStyle = colour('--hover');
  ctx.fillRect(left, bbox.top, right - left, bbox.height);
  ctx.restore();
}
