import { expect, test } from '@jest/globals';
import { assertSupportedVersion } from './server-version.ts';

test.each([
  [140_000, '14.0'],
  [180_004, '18.4'],
  [190_000, '19devel'],
])('accepts a server of version %i', (number, version) => {
  expect(() => {
    assertSupportedVersion(number, version);
  }).not.toThrow();
});

test('rejects an older server, and names its version and the oldest supported one', () => {
  expect(() => {
    assertSupportedVersion(130_023, '13.23');
  }).toThrow(
    expect.objectContaining({
      code: 'connection',
      message: expect.stringMatching(/the server is PostgreSQL 13\.23, .* need 14 or newer/),
    }),
  );
});
