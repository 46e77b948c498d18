import { describe, expect, test } from '@jest/globals';
import { checkPreferences, isZone, resolveZone } from './preferences.ts';

const DEFAULTS = { theme: 'system', zone: 'local', otherZone: 'local' };

describe('stored preferences', () => {
  test('are taken as they are', () => {
    const stored = { theme: 'dark', zone: 'UTC', otherZone: 'Europe/Berlin' };
    expect(checkPreferences(stored)).toEqual(stored);
  });

  test.each([
    null,
    7,
    'dark',
    [],
    {},
    { theme: 'pink', zone: 'Mars/Olympus', otherZone: 'UTC' },
    { zone: 3 },
  ])('of %j are the defaults', (stored) => {
    expect(checkPreferences(stored)).toEqual(DEFAULTS);
  });
});

test('a zone is local, UTC or a name that the browser knows', () => {
  expect(['local', 'UTC', 'Europe/Berlin'].every(isZone)).toBe(true);
  expect(['', 'Europe/Atlantis', '<script>', null, 1].some(isZone)).toBe(false);
  expect(resolveZone('Europe/Berlin')).toBe('Europe/Berlin');
  expect(resolveZone('local')).toBe(Intl.DateTimeFormat().resolvedOptions().timeZone);
});
