import { z } from 'zod';

/**
 * The states of a timer. The constraint `valid_status` in the database allows the same list.
 *
 * - `pending`: waits for its due instant. A dispatcher can claim it, a client can update or cancel it.
 * - `executing`: claimed by one dispatcher, from shortly before the due instant until the attempt is settled. Returns to
 *   `pending` for a retry, when the claim is released, or when the claim is rescued.
 * - `completed`: the receiver accepted the callback. Final.
 * - `failed`: attempts exhausted, a permanent error, or expired. Pending again when a client requests a retry.
 * - `canceled`: a client canceled it before an attempt started. Final.
 */
export const TIMER_STATES = ['pending', 'executing', 'completed', 'failed', 'canceled'] as const;
export const timerStateSchema = z.enum(TIMER_STATES);
export type TimerState = (typeof TIMER_STATES)[number];
