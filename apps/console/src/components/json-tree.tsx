import type { ReactNode } from 'react';
import styles from './json-tree.module.css';

/** Levels that are open at first, and items of a list shown before "more". */
const OPEN_LEVELS = 2;
const MAX_ITEMS = 100;
const MAX_TEXT = 2_000;

/** Any JSON value, its objects and lists collapsible. */
export function JsonTree({ value }: { readonly value: unknown }) {
  return (
    <div className={styles.tree}>
      <Value value={value} level={0} />
    </div>
  );
}

function Value({
  name,
  value,
  level,
}: {
  readonly name?: string;
  readonly value: unknown;
  readonly level: number;
}) {
  const label = name === undefined ? null : <span className={styles.name}>{name}: </span>;
  if (typeof value !== 'object' || value === null)
    return (
      <div>
        {label}
        <Scalar value={value} />
      </div>
    );
  const entries: readonly (readonly [string, unknown])[] = Object.entries(value);
  const brackets = Array.isArray(value) ? '[]' : '{}';
  if (entries.length === 0)
    return (
      <div>
        {label}
        {brackets}
      </div>
    );
  return (
    <details className={styles.node} open={level < OPEN_LEVELS && entries.length <= MAX_ITEMS}>
      <summary>
        {label}
        <span className="muted">
          {brackets[0]} {entries.length}{' '}
          {Array.isArray(value) ? 'items' : entries.length === 1 ? 'field' : 'fields'} {brackets[1]}
        </span>
      </summary>
      <div className={styles.children}>
        {entries.slice(0, MAX_ITEMS).map(([key, item]) => (
          <Value key={key} name={key} value={item} level={level + 1} />
        ))}
        {entries.length > MAX_ITEMS && <div className="muted">and {entries.length - MAX_ITEMS} more</div>}
      </div>
    </details>
  );
}

function Scalar({ value }: { readonly value: unknown }): ReactNode {
  if (typeof value !== 'string') return <span className={styles.literal}>{String(value)}</span>;
  const cut = value.length > MAX_TEXT ? `${value.slice(0, MAX_TEXT)}…` : value;
  return (
    <span className={styles.text}>
      "{cut}"{cut !== value && <span className="muted"> {value.length} characters</span>}
    </span>
  );
}
