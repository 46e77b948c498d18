import { useSyncExternalStore } from 'react';

export type Theme = 'system' | 'light' | 'dark';

/** What a person chose, kept in this browser. */
export interface Preferences {
  readonly theme: Theme;
  /** `UTC`, `local` (that of the computer) or an IANA name */
  readonly zone: string;
  /** The zone that `t` returns to from UTC: `local` or an IANA name */
  readonly otherZone: string;
}

const STORAGE_KEY = 'timer-console';
const DEFAULTS: Preferences = { theme: 'system', zone: 'local', otherZone: 'local' };
const listeners = new Set<() => void>();
let current: Preferences = load();

function load(): Preferences {
  try {
    const stored: unknown = JSON.parse(localStorage.getItem(STORAGE_KEY) ?? '{}');
    return checkPreferences(stored);
  } catch {
    // Storage may be blocked, and may hold anything.
    return DEFAULTS;
  }
}

/** The preferences in a stored value; what is missing or makes no sense is the default. */
export function checkPreferences(stored: unknown): Preferences {
  if (typeof stored !== 'object' || stored === null) return DEFAULTS;
  const { theme, zone, otherZone } = stored as Partial<Record<keyof Preferences, unknown>>;
  return {
    theme: theme === 'light' || theme === 'dark' ? theme : DEFAULTS.theme,
    zone: isZone(zone) ? zone : DEFAULTS.zone,
    otherZone: isZone(otherZone) && otherZone !== 'UTC' ? otherZone : DEFAULTS.otherZone,
  };
}

/** Whether a value is `local` or a time zone that this browser knows. */
export function isZone(value: unknown): value is string {
  if (typeof value !== 'string' || value === '') return false;
  if (value === 'local') return true;
  try {
    new Intl.DateTimeFormat('en', { timeZone: value });
    return true;
  } catch {
    return false;
  }
}

export function changePreferences(change: Partial<Preferences>): void {
  current = { ...current, ...change };
  try {
    localStorage.setItem(STORAGE_KEY, JSON.stringify(current));
  } catch {
    // Kept until the page is closed.
  }
  applyTheme();
  for (const listener of listeners) listener();
}

/** Sets the theme on the document, for tokens.css. */
export function applyTheme(): void {
  const { dataset } = document.documentElement;
  if (current.theme === 'system') delete dataset['theme'];
  else dataset['theme'] = current.theme;
}

/** Changes between UTC and the other zone. */
export function toggleZone(): void {
  changePreferences({ zone: current.zone === 'UTC' ? current.otherZone : 'UTC' });
}

export function chooseZone(zone: string): void {
  changePreferences(zone === 'UTC' ? { zone } : { zone, otherZone: zone });
}

function subscribe(listener: () => void): () => void {
  listeners.add(listener);
  return () => listeners.delete(listener);
}

export function usePreferences(): Preferences {
  return useSyncExternalStore(subscribe, () => current);
}

/** The IANA name of a chosen zone. */
export function resolveZone(zone: string): string {
  return zone === 'local' ? Intl.DateTimeFormat().resolvedOptions().timeZone : zone;
}

/** The IANA name (or `UTC`) of the time zone in which instants are shown. */
export function useTimeZone(): string {
  return resolveZone(usePreferences().zone);
}
