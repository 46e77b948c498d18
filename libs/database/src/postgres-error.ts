/** The cause of a failed statement, from which a caller decides how to respond and whether to retry. */
export type DatabaseFailure =
  /** The server cannot be reached, is starting or stopping, has no free connection, or closed the connection. */
  | 'unreachable'
  /** A value is invalid for the type of the column: SQLSTATE class 22. */
  | 'invalid-value'
  /**
   * The trigger of an online migration rejects timers that the first service cannot deliver, as long as it may still
   * run. SQLSTATE 0A000.
   */
  | 'blocked-by-migration'
  /** The callback has more bytes as PostgreSQL prints it than a timer may have. */
  | 'callback-too-large'
  /** The role lacks a privilege: SQLSTATE 42501. */
  | 'privilege-missing'
  /** The database accepts no changes, for example after a failover: SQLSTATE 25006. */
  | 'read-only'
  /** The statement exceeded its time limit. */
  | 'timeout'
  | 'other';

const NETWORK = new Set([
  'ECONNREFUSED',
  'ECONNRESET',
  'EPIPE',
  'ETIMEDOUT',
  'ENOTFOUND',
  'EAI_AGAIN',
  'EHOSTUNREACH',
  'ENETUNREACH',
  'ENOENT',
]);

/** SQLSTATE 08 connection exception, 57P0x shutdown or start-up, 53300 too many connections. */
const UNREACHABLE_STATE = /^(?:08...|57P0[123]|53300)$/;

/** Errors of pg that have no code: a connection timed out, or broke during a statement. */
const BROKEN_CONNECTION =
  /connection terminated|query read timeout|timeout exceeded when trying to connect|connection error/i;

/** Classifies the error of a statement. */
export function classifyFailure(error: unknown): DatabaseFailure {
  if (typeof error !== 'object' || error === null) return 'other';
  const { code, message } = error as { code?: unknown; message?: unknown };
  if (typeof code === 'string') {
    if (NETWORK.has(code) || UNREACHABLE_STATE.test(code)) return 'unreachable';
    if (code === '57014') return 'timeout';
    if (code === '0A000') return 'blocked-by-migration';
    if (code === '42501') return 'privilege-missing';
    if (code === '25006') return 'read-only';
    if (isCheckViolation(error, 'callback_size')) return 'callback-too-large';
    return /^22...$/.test(code) ? 'invalid-value' : 'other';
  }
  return typeof message === 'string' && BROKEN_CONNECTION.test(message) ? 'unreachable' : 'other';
}

/** The fields of a PostgreSQL error that are used here. */
interface PostgresError {
  readonly code?: unknown;
  readonly constraint?: unknown;
}

function postgresError(error: unknown): PostgresError {
  return typeof error === 'object' && error !== null ? error : {};
}

/** Whether a statement violated the named CHECK constraint. */
export function isCheckViolation(error: unknown, constraint: string): boolean {
  const { code, constraint: violated } = postgresError(error);
  return code === '23514' && violated === constraint;
}

/** Whether a statement violated the named unique index. */
export function isUniqueViolation(error: unknown, index: string): boolean {
  const { code, constraint: violated } = postgresError(error);
  return code === '23505' && violated === index;
}

/** Whether PostgreSQL ended the transaction because it waited for another one that waited for it. */
export function isDeadlock(error: unknown): boolean {
  return postgresError(error).code === '40P01';
}

/** Whether a statement violated the named foreign key. */
export function isForeignKeyViolation(error: unknown, constraint: string): boolean {
  const { code, constraint: violated } = postgresError(error);
  return code === '23503' && violated === constraint;
}

/** SQLSTATE classes: data exception, constraint, program limit, an exception of a trigger, internal error. */
const DATA = /^(?:22|23|54|P0|XX)[0-9A-Z]{3}$/;

/** Whether a statement failed because of its values: it would fail again, but might succeed without some of them. */
export function isDataError(error: unknown): boolean {
  const { code } = postgresError(error);
  return typeof code === 'string' && DATA.test(code);
}
