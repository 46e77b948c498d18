import { expect, test } from '@jest/globals';
import { virtualSearchPath } from './virtual-clock-sql.ts';

test.each([
  ['public', 'public, pg_catalog'],
  ['pg_catalog, public, pg_temp', 'public, pg_catalog, pg_temp'],
  ['public, pg_catalog', 'public, pg_catalog'],
])('the search path %s becomes %s', (path, expected) => {
  expect(virtualSearchPath(path)).toBe(expected);
});
