import { inTransaction } from '@timer-platform/client/transaction';
import type pg from 'pg';
import { paymentReminder } from './payment-reminder.ts';

/** Its tables, beside those of the platform, and a role that may do nothing with timers but schedule and cancel. */
export const SCHEMA = `
  CREATE ROLE shop LOGIN PASSWORD 'shop';
  CREATE SCHEMA shop AUTHORIZATION shop;
  CREATE TABLE shop.orders (id INTEGER PRIMARY KEY, total_cents INTEGER CHECK (total_cents > 0), paid BOOLEAN DEFAULT FALSE);
  ALTER TABLE shop.orders OWNER TO shop;
  GRANT EXECUTE ON FUNCTION schedule_timer, cancel_timer, cancel_timer_by_key TO shop;`;

/** Places and pays orders. The reminder of an order exists exactly while the order is unpaid. */
export class OrderService {
  readonly #pool: pg.Pool;
  readonly #callbackUrl: string;

  constructor(pool: pg.Pool, callbackUrl: string) {
    this.#pool = pool;
    this.#callbackUrl = callbackUrl;
  }

  /** Stores an order and the reminder of its payment, both or none. */
  async place(order: number, totalCents: number, remindAfter: string): Promise<void> {
    await this.#transaction(async (tx) => {
      const payload = { order, callbackUrl: this.#callbackUrl };
      const terms = { delay: remindAfter, key: `order-${order}` };
      await inTransaction(tx).create(paymentReminder, payload, terms);
      // When this fails, the timer was never stored.
      await tx.query('INSERT INTO shop.orders (id, total_cents) VALUES ($1, $2)', [order, totalCents]);
    });
  }

  /** Marks an order as paid and cancels its reminder. @returns false if the reminder was sent or is being sent */
  async pay(order: number): Promise<boolean> {
    return this.#transaction(async (tx) => {
      await tx.query('UPDATE shop.orders SET paid = TRUE WHERE id = $1', [order]);
      return inTransaction(tx).cancelByKey(`order-${order}`);
    });
  }

  async #transaction<Result>(work: (tx: pg.PoolClient) => Promise<Result>): Promise<Result> {
    const client = await this.#pool.connect();
    try {
      await client.query('BEGIN');
      const result = await work(client);
      await client.query('COMMIT');
      return result;
    } catch (error) {
      await client.query('ROLLBACK');
      throw error;
    } finally {
      client.release();
    }
  }
}
