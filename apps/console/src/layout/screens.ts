/** A screen in the navigation. */
export interface NavigationItem {
  readonly to: string;
  readonly label: string;
  /** Second key of its shortcut, after `g`. */
  readonly key: string;
  /** Only where the service has the inspector. */
  readonly inspector?: true;
}

export const NAVIGATION: readonly NavigationItem[] = [
  { to: '/', label: 'Overview', key: 'o' },
  { to: '/timers', label: 'Timers', key: 't' },
  { to: '/failures', label: 'Failures', key: 'f' },
  { to: '/destinations', label: 'Destinations', key: 'd' },
  { to: '/schedules', label: 'Schedules', key: 's' },
  { to: '/dispatchers', label: 'Dispatchers', key: 'p' },
  { to: '/audit', label: 'Audit log', key: 'a' },
  { to: '/inspector', label: 'Inspector', key: 'i', inspector: true },
];
