import { formatRelative } from '../lib/format-duration.ts';
import { formatInstant, formatTimeOfDay, type InstantPrecision, localParts } from '../lib/format-instant.ts';
import { useNow } from '../lib/use-now.ts';
import { useTimeZone } from '../preferences/preferences.ts';
import styles from './instant.module.css';
import { None } from './none.tsx';

interface InstantProps {
  /** RFC 3339; null is shown as a dash. */
  readonly at: string | null | undefined;
  readonly precision?: InstantPrecision;
  /** Also, or only, how far it is from now. */
  readonly relative?: boolean | 'only';
  /** Without the date. */
  readonly timeOnly?: boolean;
}

/** An instant in the chosen time zone. Its title has the offset, and UTC to the millisecond. */
export function Instant({ at, precision = 'second', relative = false, timeOnly = false }: InstantProps) {
  const zone = useTimeZone();
  if (at === null || at === undefined) return <None />;
  const instant = Date.parse(at);
  if (Number.isNaN(instant)) return <span>{at}</span>;
  const text = timeOnly ? formatTimeOfDay(instant, zone, precision) : formatInstant(instant, zone, precision);
  const title = `${formatInstant(instant, zone, 'millisecond')} ${localParts(instant, zone).offset} (${zone})\n${new Date(instant).toISOString()}`;
  return (
    <time className={styles.instant} dateTime={at} title={title}>
      {relative !== 'only' && text}
      {relative === true && ' '}
      {relative !== false && <Relative instant={instant} muted={relative === true} />}
    </time>
  );
}

function Relative({ instant, muted }: { readonly instant: number; readonly muted: boolean }) {
  const now = useNow();
  return <span className={muted ? styles.relative : undefined}>{formatRelative(instant, now)}</span>;
}
