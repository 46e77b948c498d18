import { MigrationError, type MigrationErrorCode } from './migration-error.ts';
import { asDatabaseError, type DatabaseError } from './server-error.ts';

export interface Explanation {
  readonly code: MigrationErrorCode;
  /** What the operator does about it. */
  readonly wayOut?: string | undefined;
}

const ENDED: Explanation = {
  code: 'connection',
  wayOut: 'the server ended the session; see its log, then run again',
};

const LOCKED: Explanation = {
  code: 'lock-timeout',
  wayOut: 'another session holds a lock on it: end that session or wait, then run again',
};

/** By SQLSTATE (PostgreSQL manual, appendix A), else by its class, the first two characters. */
const EXPLANATIONS: Readonly<Record<string, Explanation>> = {
  '08': ENDED,
  '25006': {
    code: 'connection',
    wayOut: 'this server is read-only: connect to the primary, not to a standby',
  },
  '28000': {
    code: 'connection',
    wayOut: 'check the role in DATABASE_URL or PG_USER, and pg_hba.conf of the server',
  },
  '28P01': {
    code: 'connection',
    wayOut: 'check user and password in DATABASE_URL, or PG_USER and PG_PASSWORD',
  },
  '2BP01': {
    code: 'dependent-objects',
    wayOut: 'drop these objects, run again, then create them for the new schema',
  },
  '3D000': {
    code: 'connection',
    wayOut: 'create it with CREATE DATABASE, or correct DATABASE_URL or PG_DB_NAME',
  },
  '3F000': {
    code: 'permission-denied',
    wayOut:
      'the role may use no schema of its search_path; `npx nx run migrator:plan` prints the GRANT statements',
  },
  '40P01': LOCKED,
  '42501': {
    code: 'permission-denied',
    wayOut: '`npx nx run migrator:plan` prints the statements that grant what the role lacks',
  },
  '53100': { code: 'failed', wayOut: 'free disk space on the server, then run again' },
  '53300': { code: 'connection', wayOut: 'end other sessions, or raise max_connections, then run again' },
  '55P03': LOCKED,
  '57014': {
    code: 'failed',
    wayOut: 'canceled by the statement_timeout of the role, or by an administrator',
  },
  '57P': ENDED,
  '57P03': { code: 'connection', wayOut: 'the server is starting or stopping; run again in a moment' },
};

/** Code and way out of an error that the server reported. */
export function explain({ code }: DatabaseError): Explanation {
  return (
    EXPLANATIONS[code] ??
    EXPLANATIONS[code.slice(0, 3)] ??
    EXPLANATIONS[code.slice(0, 2)] ?? { code: 'failed' }
  );
}

const lostConnection =
  /^(?:Connection terminated|Client has encountered a connection error)|\b(?:ECONNRESET|EPIPE)\b/;

/** The error as a message for the operator; undefined when neither the server nor the connection caused it. */
export function asMigrationError(error: unknown): MigrationError | undefined {
  if (error instanceof MigrationError) return error;
  const reported = asDatabaseError(error);
  if (reported === undefined) {
    if (!(error instanceof Error) || !lostConnection.test(error.message)) return undefined;
    const message = `the connection to the database was lost (${error.message}); run again`;
    return new MigrationError('connection', message, { cause: error });
  }
  const { code, wayOut } = explain(reported);
  const notes = [reported.detail, reported.hint, wayOut].filter((note) => note !== undefined);
  return new MigrationError(code, [`${reported.message} (SQLSTATE ${reported.code})`, ...notes].join('\n'), {
    cause: error,
  });
}
