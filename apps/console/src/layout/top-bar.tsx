import { useQueryClient } from '@tanstack/react-query';
import { Link, useNavigate } from '@tanstack/react-router';
import { type LiveState, useLiveState } from '../api/live.ts';
import { logout, sessionQuery, useSession } from '../api/session.ts';
import { Button } from '../components/button.tsx';
import { Menu, MenuItem } from '../components/menu.tsx';
import { showToast } from '../components/toasts.ts';
import { changePreferences, type Theme, usePreferences } from '../preferences/preferences.ts';
import styles from './top-bar.module.css';
import { ZoneMenu } from './zone-menu.tsx';

const LIVE_TEXTS: Readonly<Record<LiveState, string>> = {
  live: 'live',
  polling: 'every 3 s',
  paused: 'paused',
};

const THEMES: readonly { readonly value: Theme; readonly label: string }[] = [
  { value: 'system', label: 'As the system' },
  { value: 'light', label: 'Light' },
  { value: 'dark', label: 'Dark' },
];

export function TopBar({ onHelp }: { readonly onHelp: () => void }) {
  const live = useLiveState();
  return (
    <header className={styles.bar}>
      <Link to="/" className={styles.brand}>
        <Logo />
        <span>Timers</span>
      </Link>
      <span className={styles.live} data-state={live} title="How this page learns of changes">
        <span aria-hidden="true" className={styles.dot} />
        {LIVE_TEXTS[live]}
      </span>
      <div className={styles.tools}>
        <ZoneMenu />
        <ThemeMenu />
        <Button kind="quiet" className={styles.help} aria-label="Keyboard shortcuts" onClick={onHelp}>
          ?
        </Button>
        <SessionMenu />
      </div>
    </header>
  );
}

function ThemeMenu() {
  const { theme } = usePreferences();
  return (
    <Menu label="◐" name="Colours">
      {THEMES.map(({ value, label }) => (
        <MenuItem
          key={value}
          checked={theme === value}
          onSelect={() => {
            changePreferences({ theme: value });
          }}
        >
          {label}
        </MenuItem>
      ))}
    </Menu>
  );
}

function SessionMenu() {
  const session = useSession();
  const client = useQueryClient();
  const navigate = useNavigate();
  if (session === null) return null;
  const leave = async () => {
    try {
      await logout();
    } catch (error) {
      showToast({ kind: 'error', message: `Not logged out: ${String(error)}` });
      return;
    }
    client.clear();
    client.setQueryData(sessionQuery.queryKey, null);
    await navigate({ to: '/login' });
  };
  return (
    <Menu
      name={`Session of ${session.name}`}
      label={
        <>
          <span className={styles.name}>{session.name}</span>
          <span className={styles.role}>{session.role}</span>
        </>
      }
    >
      <div className={styles.about}>
        API key <strong>{session.name}</strong>, role {session.role}
        <br />
        <span className="muted">
          Timer service {session.version}
          {session.mode === 'development' ? ', development mode' : ''}
        </span>
      </div>
      <MenuItem onSelect={() => void leave()}>Log out</MenuItem>
    </Menu>
  );
}

function Logo() {
  return (
    <svg viewBox="0 0 20 20" width="20" height="20" aria-hidden="true" className={styles.logo}>
      <circle cx="10" cy="11" r="7" />
      <path d="M10 7v4l2.6 1.6M7.8 1.5h4.4" />
    </svg>
  );
}
