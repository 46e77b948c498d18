/**
 * The assignments of a retry by a client: due now, with all attempts of the retry policy. An `expires_at` in the past would
 * fail the timer again at once, so it is cleared.
 */
export const RETRY_ASSIGNMENTS = `
  status = 'pending', next_attempt_at = clock_timestamp(), retry_from = clock_timestamp(), due_since = NULL, paused_for = NULL,
  attempts_forgiven = attempts, lost_claims = 0, executed_at = NULL, updated_at = now(), expires_at = CASE WHEN expires_at > clock_timestamp() THEN expires_at END`;
