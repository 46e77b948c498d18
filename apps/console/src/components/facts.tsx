import type { ReactNode } from 'react';
import styles from './facts.module.css';

/** Names and values, in as many columns as fit. Values that are undefined are left out. */
export function Facts({
  facts,
}: {
  readonly facts: readonly (readonly [name: string, value: ReactNode] | undefined)[];
}) {
  return (
    <dl className={styles.facts}>
      {facts.map(
        (fact) =>
          fact !== undefined && (
            <div key={fact[0]} className={styles.fact}>
              <dt>{fact[0]}</dt>
              <dd>{fact[1]}</dd>
            </div>
          ),
      )}
    </dl>
  );
}
