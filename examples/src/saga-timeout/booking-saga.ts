import { type AnyTimerError, type TimerClient, TimerError } from '@timer-platform/client';
import { bookingExpired } from './booking-expired.ts';

/** `reserved` ends as `confirmed`, or as `released` when the timeout comes first. */
export type BookingState = 'reserved' | 'confirmed' | 'released';

interface Booking {
  state: BookingState;
  readonly timerId: string;
}

const isTooLate = (error: unknown): error is AnyTimerError =>
  error instanceof TimerError && error.reason === 'not_pending';

/**
 * A saga over two services: a seat is reserved, and either the payment confirms it or the timeout releases it. The timer
 * survives every restart of this service; the bookings would be rows in its database.
 */
export class BookingSaga {
  readonly #client: TimerClient;
  readonly #callbackUrl: string;
  readonly #bookings = new Map<string, Booking>();

  constructor(client: TimerClient, callbackUrl: string) {
    this.#client = client;
    this.#callbackUrl = callbackUrl;
  }

  /** Reserves a seat, to be released unless it is confirmed within `hold`, such as `15m`. */
  async reserve(booking: string, hold: string): Promise<void> {
    const payload = { booking, callbackUrl: this.#callbackUrl };
    // With the booking as key, a repeated reservation is not scheduled twice.
    const options = { idempotencyKey: `booking-${booking}` };
    const timer = await this.#client.create(bookingExpired, payload, { delay: hold }, options);
    this.#bookings.set(booking, { state: 'reserved', timerId: timer.id });
  }

  /** Confirms a booking. @returns false if its timeout came first: the payment has to be refunded */
  async confirm(booking: string): Promise<boolean> {
    const current = this.#bookings.get(booking);
    if (current === undefined || current.state === 'released') return false;
    try {
      // After a cancellation no attempt starts: from here on the booking cannot expire.
      await this.#client.cancel(current.timerId);
    } catch (error) {
      if (isTooLate(error)) return false;
      throw error;
    }
    current.state = 'confirmed';
    return true;
  }

  /** Called by the timer. */
  expire(booking: string): void {
    const current = this.#bookings.get(booking);
    if (current?.state === 'reserved') current.state = 'released';
  }

  stateOf(booking: string): BookingState | undefined {
    return this.#bookings.get(booking)?.state;
  }
}
