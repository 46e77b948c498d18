import { z } from 'zod';

/**
 * The states of a timer. The CHECK `valid_status` in the database holds the same list.
 *
 * - `pending`: waits for its due instant. A dispatcher claims it, a client may update or cancel it.
 * - `executing`: held by one dispatcher, from shortly before the due instant until the attempt is settled. Goes back to
 *   `pending` for a retry, when it is handed back, or when its dispatcher is lost.
 * - `completed`: the receiver took the callback. Final.
 * - `failed`: attempts used up, a permanent error, or expired. Ends when a client asks for a retry.
 * - `canceled`: a client withdrew it before an attempt started. Final.
 */
export const TIMER_STATES = ['pending', 'executing', 'completed', 'failed', 'canceled'] as const;
export const timerStateSchema = z.enum(TIMER_STATES);
export type TimerState = (typeof TIMER_STATES)[number];
