import { useQueryClient } from '@tanstack/react-query';
import { Outlet, useNavigate } from '@tanstack/react-router';
import { useEffect, useState } from 'react';
import { useLiveConnection } from '../api/live.ts';
import { useSession } from '../api/session.ts';
import { Toasts } from '../components/toast.tsx';
import { toggleZone } from '../preferences/preferences.ts';
import { HelpDialog } from './help-dialog.tsx';
import { Navigation } from './navigation.tsx';
import { NAVIGATION } from './screens.ts';
import styles from './shell.module.css';
import { TopBar } from './top-bar.tsx';
import { focusFilter, moveRow, useShortcuts } from './use-shortcuts.ts';

/** What surrounds every screen after the login. */
export function Shell() {
  const session = useSession();
  const navigate = useNavigate();
  const client = useQueryClient();
  const [help, setHelp] = useState(false);
  useLiveConnection();
  useShortcuts({
    '/': focusFilter,
    r: () => void client.invalidateQueries(),
    t: toggleZone,
    '?': () => {
      setHelp(true);
    },
    j: () => {
      moveRow(1);
    },
    k: () => {
      moveRow(-1);
    },
    ...Object.fromEntries(NAVIGATION.map(({ key, to }) => [`g ${key}`, () => void navigate({ to })])),
  });
  useEffect(() => {
    if (session === null)
      void navigate({
        to: '/login',
        search: { next: `${location.pathname}${location.search}` },
        replace: true,
      });
  }, [session, navigate]);
  return (
    <div className={styles.shell}>
      <a href="#content" className={styles.skip} onClick={focusContent}>
        Skip to the content
      </a>
      <TopBar
        onHelp={() => {
          setHelp(true);
        }}
      />
      <Navigation />
      <main id="content" tabIndex={-1} className={styles.main}>
        <Outlet />
      </main>
      <Toasts />
      {help && (
        <HelpDialog
          onClose={() => {
            setHelp(false);
          }}
        />
      )}
    </div>
  );
}

/** The address of the page has a base, so a fragment alone would leave it. */
function focusContent(event: { preventDefault(): void }): void {
  event.preventDefault();
  document.getElementById('content')?.focus();
}
