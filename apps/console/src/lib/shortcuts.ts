/** A key press, as much of a KeyboardEvent as shortcuts look at. */
export interface KeyPress {
  readonly key: string;
  readonly altKey: boolean;
  readonly ctrlKey: boolean;
  readonly metaKey: boolean;
}

/** Where a key press goes. */
export interface KeyTarget {
  /** Whether text is typed there, so that letters are no shortcuts. */
  readonly takesText: boolean;
  /** Whether a dialog is open over the page. */
  readonly inDialog: boolean;
}

/** Keys typed one after the other count as a sequence within this time. */
export const SEQUENCE_MS = 1_500;

/** What was typed of a sequence, and when. */
export interface PendingSequence {
  readonly keys: string;
  readonly at: number;
}

export interface ShortcutMatch {
  /** The shortcut that is complete. */
  readonly shortcut: string | null;
  /** The beginning of a longer one. */
  readonly pending: PendingSequence | null;
}

const NOTHING: ShortcutMatch = { shortcut: null, pending: null };

/**
 * Decides what a key press means.
 * @param shortcuts single keys (`r`, `?`) and sequences with a space between (`g o`)
 * @param now milliseconds
 */
export function matchShortcut(
  press: KeyPress,
  target: KeyTarget,
  shortcuts: readonly string[],
  pending: PendingSequence | null,
  now: number,
): ShortcutMatch {
  if (press.altKey || press.ctrlKey || press.metaKey || target.takesText || target.inDialog) return NOTHING;
  if (press.key === 'Shift') return { shortcut: null, pending };
  const begun = pending !== null && now - pending.at <= SEQUENCE_MS ? `${pending.keys} ` : '';
  for (const keys of begun === '' ? [press.key] : [`${begun}${press.key}`, press.key]) {
    if (shortcuts.includes(keys)) return { shortcut: keys, pending: null };
    if (shortcuts.some((shortcut) => shortcut.startsWith(`${keys} `)))
      return { shortcut: null, pending: { keys, at: now } };
  }
  return NOTHING;
}
