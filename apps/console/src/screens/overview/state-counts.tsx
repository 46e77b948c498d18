import { Link } from '@tanstack/react-router';
import type { Stats, TimerState } from '@timer-platform/callback-types';
import { Count } from '../../components/number.tsx';
import { Section } from '../../components/page.tsx';
import { StatusBadge } from '../../components/status-badge.tsx';
import styles from './overview.module.css';

const STATES: readonly TimerState[] = ['pending', 'executing', 'completed', 'failed', 'canceled'];

/** How many timers there are, by state. */
export function StateCounts({ counts }: { readonly counts: Stats['counts'] }) {
  return (
    <Section title="Timers by state">
      <div className={styles.card}>
        <table className={styles.counts}>
          <caption className="visually-hidden">Timers by state</caption>
          <tbody>
            {STATES.map((status) => (
              <tr key={status}>
                <th scope="row">
                  <Link to="/timers" search={{ status }}>
                    <StatusBadge status={status} />
                  </Link>
                </th>
                <td>
                  <Count value={counts[status].count} estimated={counts[status].estimated} />
                </td>
              </tr>
            ))}
            {counts.paused.count > 0 && (
              <tr>
                <th scope="row">
                  <Link to="/destinations" search={{ state: 'paused' }}>
                    <StatusBadge status="pending" paused />
                  </Link>
                </th>
                <td>
                  <Count value={counts.paused.count} estimated={counts.paused.estimated} />
                </td>
              </tr>
            )}
          </tbody>
        </table>
      </div>
    </Section>
  );
}
