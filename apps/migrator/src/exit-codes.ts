import type { MigrationErrorCode } from '@timer-platform/migrations';

/** Exit codes of the process. A test checks that docs/migrating.md lists the same. */
export const EXIT_CODE = {
  ok: 0,
  /** A failed statement, or an unexpected error. */
  failed: 1,
  usage: 2,
  /** `status --check`: files are pending. */
  pending: 3,
} as const;

/** Exit code of each error code. `nx run` exits with 1 for all of them; `npx timer-migrator` passes them on. */
export const EXIT_CODE_OF_ERROR: Readonly<Record<MigrationErrorCode, number>> = {
  failed: EXIT_CODE.failed,
  'bad-directory': EXIT_CODE.usage,
  'no-such-version': EXIT_CODE.usage,
  connection: 4,
  edited: 10,
  vanished: 11,
  renamed: 12,
  'duplicate-version': 13,
  crlf: 14,
  'out-of-order': 15,
  'schema-drift': 16,
  'bad-name': 17,
  'byte-order-mark': 18,
  'not-plain-sql': 19,
  'not-one-statement': 20,
  dirty: 21,
  'ledgers-differ': 22,
  busy: 30,
  'lock-timeout': 31,
  'would-block': 32,
  'not-adopted': 33,
  'schema-differs': 34,
  'online-in-progress': 35,
  'not-online': 36,
  paused: 37,
  'not-verified': 38,
  'old-clients': 39,
  'not-confirmed': 40,
  'no-way-back': 41,
  interrupted: 130,
};
