/**
 * What a retry that a client asked for sets: due now, with all the attempts of the policy. An expiry that has passed would
 * fail the timer again at once; asking for a retry overrules it.
 */
export const RETRY_ASSIGNMENTS = `
  status = 'pending', next_attempt_at = clock_timestamp(), attempts_forgiven = attempts, lost_claims = 0,
  executed_at = NULL, expires_at = CASE WHEN expires_at > clock_timestamp() THEN expires_at END`;
