/**
 * The end of a statement that inserts occurrences. The id of an occurrence is the guard against a second one: only a timer
 * that was withdrawn gives way. It is pending again, with the present content of the schedule. Its message id changes if an
 * attempt may have been made and the callback is another.
 */
export const GIVE_WAY_IF_WITHDRAWN = `ON CONFLICT (id) DO UPDATE SET
       status = 'pending', execute_at = EXCLUDED.execute_at, next_attempt_at = NULL, due_since = NULL, paused_for = NULL, retry_from = NULL,
       callback_type = EXCLUDED.callback_type, callback_config = EXCLUDED.callback_config, metadata = EXCLUDED.metadata,
       retry = EXCLUDED.retry, expires_at = EXCLUDED.expires_at, origin = EXCLUDED.origin, withdrawn = NULL,
       attempts_forgiven = timers.attempts, lost_claims = 0, last_error = NULL, updated_at = now(),
       revision = timers.revision + CASE
         WHEN timers.claims > 0 AND timers.callback_config IS DISTINCT FROM EXCLUDED.callback_config THEN 1 ELSE 0 END
     WHERE timers.withdrawn AND timers.status = 'canceled' AND timers.schedule_id = EXCLUDED.schedule_id`;
