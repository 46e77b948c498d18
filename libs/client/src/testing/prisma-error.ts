import type pg from 'pg';

/**
 * The error that a raw query of Prisma 7.10 rejects with for an error of the server, as recorded: `examples:check-prisma`
 * runs Prisma itself. For unique violations, and a few other SQLSTATEs, it drops the DETAIL.
 */
export function prismaErrorOf({ code, message, severity, detail, column, hint }: pg.DatabaseError): Error {
  const original = { originalCode: code, originalMessage: message };
  const cause =
    code === '23505'
      ? { ...original, kind: 'UniqueConstraintViolation', constraint: undefined, table: undefined }
      : { ...original, kind: 'postgres', code, severity, message, detail, column, hint };
  const driverAdapterError = Object.assign(new Error(message, { cause }), { name: 'DriverAdapterError' });
  const text = `\nInvalid \`prisma.$queryRawUnsafe()\` invocation:\n\n\nRaw query failed. Code: \`${code ?? ''}\`. Message: \`${message}\``;
  const meta = { driverAdapterError };
  const name = 'PrismaClientKnownRequestError';
  return Object.assign(new Error(text), { name, code: 'P2010', meta, clientVersion: '7.10.0' });
}
