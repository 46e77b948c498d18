import type { MigrationErrorCode } from '@timer-platform/migrations';

/**
 * Exit codes of the process: one for each thing that an operator does. The error code in the message and in `--json` is
 * precise. A test checks that docs/migrating.md lists the same.
 */
export const EXIT_CODE = {
  ok: 0,
  /** A statement failed, or an unexpected error. */
  failed: 1,
  usage: 2,
  /** `status --check`: files are pending. */
  pending: 3,
  /** The server does not let the migrator in, or the role lacks a privilege. */
  access: 4,
  /** A file is invalid, or files and ledger disagree. */
  files: 5,
  /** Another session is in the way. */
  busy: 6,
  /** The operator must decide, confirm, or take another step first. */
  decision: 7,
  /** Schema or rows are not what the step expects. */
  differs: 8,
  interrupted: 130,
} as const;

type ExitCode = (typeof EXIT_CODE)[keyof typeof EXIT_CODE];

/** Exit code of each error code. `nx run` exits with 1 for all of them; `npx timer-migrator` passes them on. */
export const EXIT_CODE_OF_ERROR: Readonly<Record<MigrationErrorCode, ExitCode>> = {
  failed: EXIT_CODE.failed,
  'bad-directory': EXIT_CODE.usage,
  'no-such-version': EXIT_CODE.usage,
  'no-schema': EXIT_CODE.usage,
  connection: EXIT_CODE.access,
  'permission-denied': EXIT_CODE.access,
  edited: EXIT_CODE.files,
  vanished: EXIT_CODE.files,
  renamed: EXIT_CODE.files,
  'duplicate-version': EXIT_CODE.files,
  crlf: EXIT_CODE.files,
  'out-of-order': EXIT_CODE.files,
  'bad-name': EXIT_CODE.files,
  'byte-order-mark': EXIT_CODE.files,
  'not-plain-sql': EXIT_CODE.files,
  'not-one-statement': EXIT_CODE.files,
  dirty: EXIT_CODE.files,
  'ledgers-differ': EXIT_CODE.files,
  busy: EXIT_CODE.busy,
  'lock-timeout': EXIT_CODE.busy,
  'old-clients': EXIT_CODE.busy,
  'would-block': EXIT_CODE.decision,
  'not-adopted': EXIT_CODE.decision,
  'online-in-progress': EXIT_CODE.decision,
  'not-online': EXIT_CODE.decision,
  paused: EXIT_CODE.decision,
  'not-confirmed': EXIT_CODE.decision,
  'no-way-back': EXIT_CODE.decision,
  'schema-drift': EXIT_CODE.differs,
  'schema-differs': EXIT_CODE.differs,
  'not-verified': EXIT_CODE.differs,
  'dependent-objects': EXIT_CODE.differs,
  interrupted: EXIT_CODE.interrupted,
};
