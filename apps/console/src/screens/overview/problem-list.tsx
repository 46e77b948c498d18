import { Link } from '@tanstack/react-router';
import type { Destination, LiveStats, Stats } from '@timer-platform/callback-types';
import styles from './overview.module.css';
import { findProblems } from './problems.ts';

/** What is wrong, each with a link to where it is mended; or that nothing is. */
export function ProblemList(props: {
  readonly stats: Stats;
  readonly live: LiveStats | null;
  readonly destinations: readonly Destination[];
}) {
  const problems = findProblems(props.stats, props.live, props.destinations);
  if (problems.length === 0)
    return (
      <p className={styles.fine} role="status">
        <span aria-hidden="true">●</span> Everything that is due is delivered. Nothing failed in the last 5
        minutes.
      </p>
    );
  return (
    <ul className={styles.problems} aria-label="What needs attention">
      {problems.map(({ key, tone, text, to, search }) => (
        <li key={key}>
          <Link to={to} search={search} className={styles.problem} data-tone={tone} data-row-link="">
            <span aria-hidden="true" className={styles.sign}>
              {tone === 'bad' ? '✕' : '▲'}
            </span>
            <span className={styles.problemText}>{text}</span>
            <span aria-hidden="true">→</span>
          </Link>
        </li>
      ))}
    </ul>
  );
}
