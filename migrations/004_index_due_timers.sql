-- no-transaction
CREATE INDEX CONCURRENTLY idx_timers_due ON timers ((COALESCE(next_attempt_at, execute_at))) WHERE status = 'pending';
