/** Machine-readable code of a {@link MigrationError}. The message explains it to people and names the way out. */
export type MigrationErrorCode =
  | 'bad-directory'
  | 'bad-name'
  | 'duplicate-version'
  | 'crlf'
  | 'byte-order-mark'
  | 'not-plain-sql'
  | 'not-one-statement'
  | 'failed'
  | 'edited'
  | 'vanished'
  | 'renamed'
  | 'out-of-order'
  | 'dirty'
  | 'ledgers-differ'
  | 'not-adopted'
  | 'schema-differs'
  | 'schema-drift'
  | 'would-block'
  | 'online-in-progress'
  | 'not-online'
  | 'paused'
  | 'interrupted'
  | 'not-verified'
  | 'old-clients'
  | 'not-confirmed'
  | 'no-way-back'
  | 'busy'
  | 'lock-timeout'
  | 'no-such-version'
  | 'permission-denied'
  | 'dependent-objects'
  | 'no-schema'
  | 'connection';

/** Location and PostgreSQL's error of a failed statement. */
export interface MigrationFailure {
  readonly file: string;
  /** 1-based, like `column`. */
  readonly line: number;
  readonly column: number;
  readonly sqlState: string;
  readonly databaseMessage: string;
  readonly statement: string;
}

/** An expected failure of a migration. Any other thrown error is a bug. */
export class MigrationError extends Error {
  override readonly name = 'MigrationError';
  readonly code: MigrationErrorCode;
  readonly failure: MigrationFailure | undefined;

  constructor(
    code: MigrationErrorCode,
    message: string,
    options: { failure?: MigrationFailure; cause?: unknown } = {},
  ) {
    super(message, options.cause === undefined ? undefined : { cause: options.cause });
    this.code = code;
    this.failure = options.failure;
  }
}
