import { Link, useLocation } from '@tanstack/react-router';
import { useEffect, useRef } from 'react';
import { useSession } from '../api/session.ts';
import styles from './navigation.module.css';
import { NAVIGATION } from './screens.ts';

/** The screens: at the left on wide pages, in a row that scrolls on narrow ones. */
export function Navigation() {
  const session = useSession();
  const list = useRef<HTMLUListElement>(null);
  const { pathname } = useLocation();
  useEffect(() => {
    list.current?.querySelector('[aria-current]')?.scrollIntoView({ block: 'nearest', inline: 'center' });
  }, [pathname]);
  return (
    <nav className={styles.navigation} aria-label="Screens">
      <ul ref={list} className={styles.list}>
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
