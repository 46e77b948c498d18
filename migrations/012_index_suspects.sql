-- no-transaction
CREATE INDEX CONCURRENTLY idx_timers_suspects ON timers ((COALESCE(next_attempt_at, execute_at))) WHERE status = 'pending' AND lost_claims > 1;
