import { expect, test } from '@jest/globals';
import { safeNext } from './safe-next.ts';

test.each([
  ['/console/timers?status=failed', '/console/timers?status=failed'],
  ['/console', '/console'],
])('%s is inside the console', (next, expected) => {
  expect(safeNext(next, '/console')).toBe(expected);
  expect(safeNext(next, '/console/')).toBe(expected);
});

test.each([
  undefined,
  '',
  'timers',
  'https://evil.example/console/',
  '//evil.example/console/',
  '/\\evil.example/console/',
  '/console/../timers',
  '/consoles/',
  'javascript:alert(1)',
])('%s is not, so the overview is next', (next) => {
  expect(safeNext(next, '/console')).toBe('/console/');
});
