import { useEffect, useEffectEvent, useRef } from 'react';
import { now } from '../lib/clock.ts';
import { matchShortcut, type PendingSequence } from '../lib/shortcuts.ts';

/** Listens to keys on the whole page. Elsewhere than in text and dialogs, a shortcut runs its function. */
export function useShortcuts(shortcuts: Readonly<Record<string, () => void>>): void {
  const pending = useRef<PendingSequence | null>(null);
  const onKey = useEffectEvent((event: KeyboardEvent) => {
    if (event.defaultPrevented) return;
    const match = matchShortcut(
      event,
      targetOf(event.target),
      Object.keys(shortcuts),
      pending.current,
      now(),
    );
    pending.current = match.pending;
    if (match.shortcut === null) return;
    event.preventDefault();
    shortcuts[match.shortcut]?.();
  });
  useEffect(() => {
    const listener = (event: KeyboardEvent) => {
      onKey(event);
    };
    window.addEventListener('keydown', listener);
    return () => {
      window.removeEventListener('keydown', listener);
    };
  }, []);
}

function targetOf(target: EventTarget | null): { takesText: boolean; inDialog: boolean } {
  if (!(target instanceof HTMLElement)) return { takesText: false, inDialog: false };
  return {
    takesText:
      target.isContentEditable ||
      target instanceof HTMLTextAreaElement ||
      target instanceof HTMLSelectElement ||
      (target instanceof HTMLInputElement && !['checkbox', 'radio', 'button'].includes(target.type)),
    inDialog: document.querySelector('dialog[open]') !== null,
  };
}

/** Moves the focus to the next or previous row link; at first to the first. */
export function moveRow(step: 1 | -1): void {
  const links = [...document.querySelectorAll<HTMLElement>('[data-row-link]')];
  const at = links.findIndex((link) => link === document.activeElement);
  const next = links[at === -1 ? 0 : at + step];
  next?.focus();
  next?.scrollIntoView({ block: 'nearest' });
}

/** Moves the focus to the filter of the screen. */
export function focusFilter(): void {
  const filter = document.querySelector<HTMLInputElement>('[data-filter]');
  filter?.focus();
  filter?.select();
}
