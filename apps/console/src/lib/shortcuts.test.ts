import { describe, expect, test } from '@jest/globals';
import { matchShortcut, SEQUENCE_MS } from './shortcuts.ts';

const SHORTCUTS = ['/', 'r', '?', 'g o', 'g t', 't'];
const page = { takesText: false, inDialog: false };
const press = (key: string, modifiers = {}) => ({
  key,
  altKey: false,
  ctrlKey: false,
  metaKey: false,
  ...modifiers,
});
const match = (key: string, pending: { keys: string; at: number } | null = null, now = 0) =>
  matchShortcut(press(key), page, SHORTCUTS, pending, now);

describe('a key', () => {
  test('alone is a shortcut', () => {
    expect(match('r')).toEqual({ shortcut: 'r', pending: null });
    expect(match('x')).toEqual({ shortcut: null, pending: null });
  });

  test('may begin a sequence, which the next one completes', () => {
    const { pending } = match('g');
    expect(pending).toEqual({ keys: 'g', at: 0 });
    expect(match('t', pending)).toEqual({ shortcut: 'g t', pending: null });
  });

  test('after a sequence that nothing continues stands for itself', () => {
    expect(match('r', { keys: 'g', at: 0 })).toEqual({ shortcut: 'r', pending: null });
    expect(match('g', { keys: 'g', at: 0 }, 5)).toEqual({ shortcut: null, pending: { keys: 'g', at: 5 } });
  });

  test('long after the beginning of a sequence stands for itself', () => {
    expect(match('t', { keys: 'g', at: 0 }, SEQUENCE_MS).shortcut).toBe('g t');
    expect(match('t', { keys: 'g', at: 0 }, SEQUENCE_MS + 1).shortcut).toBe('t');
  });

  test('shift neither is one nor ends a sequence', () => {
    expect(match('Shift', { keys: 'g', at: 0 }).pending).toEqual({ keys: 'g', at: 0 });
  });

  test.each([{ ctrlKey: true }, { altKey: true }, { metaKey: true }])(
    'with %j is left to the browser',
    (modifiers) => {
      expect(matchShortcut(press('r', modifiers), page, SHORTCUTS, null, 0).shortcut).toBeNull();
    },
  );

  test.each([
    { takesText: true, inDialog: false },
    { takesText: false, inDialog: true },
  ])('where %j is no shortcut', (target) => {
    expect(matchShortcut(press('r'), target, SHORTCUTS, null, 0).shortcut).toBeNull();
  });
});
