/** What went wrong, for programs. The message says it for people, with the way out. */
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
  | 'connection';

/** Where in which file, and what PostgreSQL said. */
export interface MigrationFailure {
  readonly file: string;
  /** From 1. */
  readonly line: number;
  readonly column: number;
  readonly sqlState: string;
  readonly databaseMessage: string;
  readonly statement: string;
}

/** Every failure of the migrations that has a name; anything else that is thrown is a fault of ours. */
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
