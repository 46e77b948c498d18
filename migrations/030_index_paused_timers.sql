-- no-transaction
CREATE INDEX CONCURRENTLY idx_timers_paused_for ON timers (paused_for) WHERE status = 'pending' AND next_attempt_at = 'infinity' AND paused_for IS NOT NULL;
