/**
 * The `code` of an error: of the system (`ENOENT`), of Node (`ERR_…`), or the SQLSTATE of PostgreSQL (`28P01`).
 * Does not use `instanceof Error`, which is false for errors of another realm (a test runner's sandbox).
 */
export function errorCode(error: unknown): string | undefined {
  if (typeof error !== 'object' || error === null || !('code' in error)) return undefined;
  return typeof error.code === 'string' ? error.code : undefined;
}

/** The message of a thrown value. */
export function messageOf(error: unknown): string {
  if (typeof error === 'object' && error !== null && 'message' in error && typeof error.message === 'string')
    return error.message;
  return String(error);
}
