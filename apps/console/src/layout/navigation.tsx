import { Link } from '@tanstack/react-router';
import { useSession } from '../api/session.ts';
import styles from './navigation.module.css';
import { NAVIGATION } from './screens.ts';

/** The screens: at the left on wide pages, in a row that scrolls on narrow ones. */
export function Navigation() {
  const session = useSession();
  return (
    <nav className={styles.navigation} aria-label="Screens">
      <ul className={styles.list}>
        {NAVIGATION.filter(({ inspector }) => inspector !== true || session?.inspector === true).map(
          ({ to, label }) => (
            <li key={to}>
              <Link
                to={to}
                className={styles.link}
                activeOptions={{ exact: to === '/', includeSearch: false }}
              >
                {label}
              </Link>
            </li>
          ),
        )}
      </ul>
    </nav>
  );
}
