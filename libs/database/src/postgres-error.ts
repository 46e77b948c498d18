/** What a failed statement says about the cause: a caller decides by it what to answer and whether to try again. */
export type DatabaseFailure =
  /** The server cannot be reached, is starting or stopping, has no connection left, or broke the connection. */
  | 'unreachable'
  /** A value that the column's type cannot hold: SQLSTATE class 22. */
  | 'refused-value'
  /**
   * Refused by the trigger of an online migration: timers that the first timer service could not deliver are not stored
   * while it may still run. SQLSTATE 0A000.
   */
  | 'not-yet'
  /** The statement ran into its time limit. */
  | 'too-slow'
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

/** What pg says, without a code, of a connection that was not made in time or broke under a statement. */
const BROKEN_CONNECTION =
  /connection terminated|query read timeout|timeout exceeded when trying to connect|connection error/i;

/** Folds whatever a statement was rejected with into one kind of failure. */
export function classifyFailure(error: unknown): DatabaseFailure {
  if (typeof error !== 'object' || error === null) return 'other';
  const { code, message } = error as { code?: unknown; message?: unknown };
  if (typeof code === 'string') {
    if (NETWORK.has(code) || UNREACHABLE_STATE.test(code)) return 'unreachable';
    if (code === '57014') return 'too-slow';
    if (code === '0A000') return 'not-yet';
    return /^22...$/.test(code) ? 'refused-value' : 'other';
  }
  return typeof message === 'string' && BROKEN_CONNECTION.test(message) ? 'unreachable' : 'other';
}

/** Fields of a PostgreSQL error that decisions are made on. */
interface PostgresError {
  readonly code?: unknown;
  readonly constraint?: unknown;
}

function postgresError(error: unknown): PostgresError {
  return typeof error === 'object' && error !== null ? error : {};
}

/** Whether a statement was refused by the named CHECK constraint. */
export function isCheckViolation(error: unknown, constraint: string): boolean {
  const { code, constraint: violated } = postgresError(error);
  return code === '23514' && violated === constraint;
}

/** Whether the row of a foreign key or the object a statement needs is not there: the schema is older than this code. */
export function isUndefinedObject(error: unknown): boolean {
  const { code } = postgresError(error);
  return code === '42P01' || code === '42703';
}
