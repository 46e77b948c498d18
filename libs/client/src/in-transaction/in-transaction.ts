import { type CallbackConfig, parseDuration } from '@timer-platform/callback-types';
import { isObject } from '../client/json-object.ts';
import { invalidRequest, serializeBody } from '../client/requests.ts';
import type { Sendable, TimerTerms } from '../client/timer-client.ts';
import {
  type DrizzleSql,
  type DrizzleTransaction,
  runOn,
  runOnDrizzle,
  type RunSql,
  type SqlPieces,
  type Transaction,
} from './run-sql.ts';
import { timerErrorOf } from './sql-error.ts';

/** When to deliver, and what else a timer has besides its callback. */
export interface TransactionTimerTerms extends TimerTerms {
  /** Repeated with the same key and request, it returns the id of the first timer and stores nothing. */
  readonly idempotencyKey?: string | undefined;
}

export interface InTransactionOptions {
  /** The schema of the platform's tables, if it is not in the `search_path` of the session. */
  readonly schema?: string | undefined;
}

const LABEL = 'schedule_timer';

/** Double quotes end an identifier, and the server would cut off what is longer. */
function prefixOf(schema: string | undefined): string {
  if (schema === undefined) return '';
  if (schema === '' || schema.length > 63 || /["\0]/.test(schema))
    throw new TypeError('schema must be the name of a schema: 1 to 63 characters without double quotes');
  return `"${schema}".`;
}

function optionalJson(name: string, value: unknown): string | null {
  return value === undefined || value === null ? null : serializeBody(`${LABEL}: ${name}`, value);
}

function instant(name: string, value: string | Date | null | undefined): string | null {
  if (value === undefined || value === null) return null;
  if (typeof value === 'string') return value;
  if (Number.isNaN(value.getTime())) throw invalidRequest(LABEL, name, 'is an invalid Date');
  return value.toISOString();
}

function interval(delay: string | undefined): string | null {
  if (delay === undefined) return null;
  const ms = parseDuration(delay);
  if (ms === undefined)
    throw invalidRequest(LABEL, 'delay', 'must be a duration such as "250ms", "90s" or "1d12h"');
  return `${ms} milliseconds`;
}

/** Each parameter is text and is converted by the server, so that no driver converts it in a way of its own. */
function scheduleSql(prefix: string, callback: CallbackConfig, terms: TransactionTimerTerms): SqlPieces {
  return {
    pieces: [
      `SELECT ${prefix}schedule_timer(callback => `,
      '::text::jsonb, execute_at => ',
      '::text::timestamptz, delay => ',
      '::text::interval, key => ',
      '::text, metadata => ',
      '::text::jsonb, retry => ',
      '::text::jsonb, expires_at => ',
      '::text::timestamptz, idempotency_key => ',
      '::text)::text AS result',
    ],
    values: [
      serializeBody(`${LABEL}: callback`, callback),
      instant('execute_at', terms.execute_at),
      interval(terms.delay),
      terms.key ?? null,
      optionalJson('metadata', terms.metadata),
      optionalJson('retry', terms.retry),
      instant('expires_at', terms.expires_at),
      terms.idempotencyKey ?? null,
    ],
  };
}

/** Timers that exist, or are canceled, exactly when the caller's transaction commits. */
export class TransactionTimers {
  readonly #run: RunSql;
  readonly #prefix: string;

  /** @see {@link inTransaction} */
  constructor(run: RunSql, { schema }: InTransactionOptions) {
    this.#run = run;
    this.#prefix = prefixOf(schema);
  }

  /**
   * Stores a timer; with a `key` that has a pending timer, replaces that.
   *
   * @returns the id of the timer
   * @throws {TimerError} as the API refuses the request; the transaction can then only be rolled back, as after any error
   * of PostgreSQL. Other errors are those of the driver
   */
  create(callback: CallbackConfig, terms: TransactionTimerTerms): Promise<string>;
  /**
   * Stores a timer with a callback of this definition.
   *
   * @throws {PayloadError} if the payload is not valid; nothing was sent to the database
   */
  create<Payload>(
    definition: Sendable<Payload>,
    payload: NoInfer<Payload>,
    terms: TransactionTimerTerms,
  ): Promise<string>;
  async create(
    first: CallbackConfig | Sendable<unknown>,
    second: unknown,
    third?: TransactionTimerTerms,
  ): Promise<string> {
    const isDefinition = 'toAsync' in first;
    const callback = isDefinition ? await first.toAsync(second) : first;
    const terms = (isDefinition ? third : second) as TransactionTimerTerms;
    return this.#call(LABEL, scheduleSql(this.#prefix, callback, terms));
  }

  /**
   * Cancels a timer that this role has stored.
   *
   * @returns false if there is none, or it is executing or finished
   * @throws {TimerError} `forbidden` for a timer of another client
   */
  async cancel(id: string): Promise<boolean> {
    const pieces = [`SELECT ${this.#prefix}cancel_timer(`, '::text::uuid)::text AS result'];
    return (await this.#call('cancel_timer', { pieces, values: [id] })) === 'true';
  }

  /** Cancels the timer with this key. Returns false if there is none, or it is executing. */
  async cancelByKey(key: string): Promise<boolean> {
    const pieces = [`SELECT ${this.#prefix}cancel_timer_by_key(`, '::text)::text AS result'];
    return (await this.#call('cancel_timer_by_key', { pieces, values: [key] })) === 'true';
  }

  async #call(label: string, sql: SqlPieces): Promise<string> {
    let rows;
    try {
      rows = await this.#run(sql);
    } catch (error) {
      throw timerErrorOf(label, error) ?? error;
    }
    const [row] = rows;
    if (!isObject(row) || typeof row['result'] !== 'string')
      throw new TypeError(`${label} returned no result`);
    return row['result'];
  }
}

/**
 * Stores and cancels timers in the caller's own transaction, through the SQL functions of the platform. The role needs
 * EXECUTE on them and nothing else.
 *
 * @param tx a client of `pg` after BEGIN, a `Transaction` of Kysely, or the transaction client of Prisma
 * @throws {TypeError} if it is none of these
 *
 * @example
 * await db.transaction().execute(async (tx) => {
 *   await tx.insertInto('orders').values({ id: '42' }).execute();
 *   await inTransaction(tx).create(paymentDue, { order: '42' }, { delay: '3d', key: 'order-42' });
 * });
 */
export function inTransaction(tx: Transaction, options?: InTransactionOptions): TransactionTimers;
/** @param sql the tag `sql` of `drizzle-orm` */
export function inTransaction(
  tx: DrizzleTransaction,
  options: InTransactionOptions & { readonly sql: DrizzleSql },
): TransactionTimers;
export function inTransaction(
  tx: Transaction | DrizzleTransaction,
  options: InTransactionOptions & { readonly sql?: DrizzleSql } = {},
): TransactionTimers {
  const { sql } = options;
  const run = sql === undefined ? runOn(tx as Transaction) : runOnDrizzle(tx as DrizzleTransaction, sql);
  return new TransactionTimers(run, options);
}
