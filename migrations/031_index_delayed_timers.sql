-- no-transaction
CREATE INDEX CONCURRENTLY idx_timers_delayed ON timers (due_since) WHERE status = 'pending' AND due_since IS NOT NULL AND next_attempt_at < 'infinity';
