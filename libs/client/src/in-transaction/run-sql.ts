import { isObject } from '../client/json-object.ts';

/** A client of `pg` in a transaction, or what has its `query`. */
export interface PgTransaction {
  query(text: string, values: unknown[]): Promise<{ readonly rows: unknown[] }>;
}

/** A `Transaction` of Kysely. */
export interface KyselyTransaction {
  executeQuery(query: object): Promise<{ readonly rows: unknown[] }>;
}

/** A transaction client of Prisma: what `$transaction(async (tx) => …)` passes. */
export interface PrismaTransaction {
  $queryRawUnsafe(text: string, ...values: unknown[]): PromiseLike<unknown>;
}

/** A transaction of Drizzle on PostgreSQL. */
export interface DrizzleTransaction {
  execute(query: object | string): PromiseLike<unknown>;
}

/** The tag `sql` of `drizzle-orm`, which alone makes queries with parameters. */
export type DrizzleSql = (strings: TemplateStringsArray, ...values: unknown[]) => object;

/** The transactions that need nothing besides themselves. */
export type Transaction = PgTransaction | KyselyTransaction | PrismaTransaction;

/** SQL in pieces, with a parameter between each two. Never with a value in it. */
export interface SqlPieces {
  readonly pieces: readonly string[];
  readonly values: readonly (string | null)[];
}

/** Runs one statement in the caller's transaction and returns its rows. */
export type RunSql = (sql: SqlPieces) => Promise<readonly unknown[]>;

function numbered({ pieces }: SqlPieces): string {
  return pieces.reduce((text, piece, index) => `${text}$${index}${piece}`);
}

/** Drivers return the rows, or a result that has them. */
function rowsOf(result: unknown): readonly unknown[] {
  if (Array.isArray(result)) return result;
  if (isObject(result) && Array.isArray(result['rows'])) return result['rows'];
  throw new TypeError('the transaction returned neither rows nor a result with rows');
}

export function runOnDrizzle(tx: DrizzleTransaction, sql: DrizzleSql): RunSql {
  return async ({ pieces, values }) => {
    const strings = Object.assign([...pieces], { raw: [...pieces] });
    return rowsOf(await tx.execute(sql(strings, ...values)));
  };
}

/** @throws {TypeError} if the object is not a transaction of a library that is known */
export function runOn(tx: Transaction): RunSql {
  if ('$queryRawUnsafe' in tx)
    return async (sql) => rowsOf(await tx.$queryRawUnsafe(numbered(sql), ...sql.values));
  if ('executeQuery' in tx)
    return async (sql) => {
      const text = numbered(sql);
      const node = { kind: 'RawNode', sqlFragments: [text], parameters: [] };
      // The fields of CompiledQuery.raw of Kysely.
      const query = {
        sql: text,
        parameters: sql.values,
        query: node,
        queryId: { queryId: 'timer-platform' },
      };
      return rowsOf(await tx.executeQuery(query));
    };
  if (typeof (tx as Partial<PgTransaction>).query === 'function')
    return async (sql) => rowsOf(await tx.query(numbered(sql), [...sql.values]));
  throw new TypeError(
    'inTransaction takes a client of pg, a Transaction of Kysely or a transaction client of Prisma; pass the sql tag of drizzle-orm as well for a transaction of Drizzle',
  );
}
