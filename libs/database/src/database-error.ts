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
