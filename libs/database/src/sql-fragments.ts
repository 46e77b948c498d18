/** SQL that several statements share. */

/** When a timer is due: the expression that idx_timers_due holds. */
export const DUE_AT = 'COALESCE(next_attempt_at, execute_at)';

/**
 * Whether a timer is parked: it waits because its destination, `paused_for`, is paused, and has been due since `due_since`.
 * The whole condition, which is that of idx_timers_paused_for. A timer that was changed since it was parked is not.
 */
export const IS_PARKED = `status = 'pending' AND next_attempt_at = 'infinity' AND paused_for IS NOT NULL`;

/** Milliseconds since 1970 of an instant, as a double. */
export function epochMs(instant: string): string {
  return `date_part('epoch', ${instant}) * 1000`;
}

/**
 * Makes the transaction durable although the server, the database or the role has synchronous_commit off. A stronger
 * setting stays.
 */
export const DURABLE = `set_config('synchronous_commit',
  CASE current_setting('synchronous_commit') WHEN 'off' THEN 'on' ELSE current_setting('synchronous_commit') END, true)`;

/** Lets the transaction return before it is durable: what a crash of the server loses is done again. */
export const NOT_DURABLE = `set_config('synchronous_commit', 'off', true)`;
