export {
  inTransaction,
  type InTransactionOptions,
  TransactionTimers,
  type TransactionTimerTerms,
} from './in-transaction.ts';
export type {
  DrizzleSql,
  DrizzleTransaction,
  KyselyTransaction,
  PgTransaction,
  PrismaTransaction,
  Transaction,
} from './run-sql.ts';
