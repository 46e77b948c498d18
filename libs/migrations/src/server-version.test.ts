import { expect, test } from '@jest/globals';
import { assertSupportedVersion } from './server-version.ts';

test.each([
  [130_000, '13.0'],
  [180_004, '18.4'],
  [190_000, '19devel'],
])('accepts a server of version %i', (number, version) => {
  expect(() => {
    assertSupportedVersion(number, version);
  }).not.toThrow();
});

test('rejects an older server, and names its version and the oldest supported one', () => {
  expect(() => {
    assertSupportedVersion(120_022, '12.22');
  }).toThrow(
    expect.objectContaining({
      code: 'connection',
      message: expect.stringMatching(/the server is PostgreSQL 12\.22, .* need 13 or newer/),
    }),
  );
});
