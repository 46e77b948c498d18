-- no-transaction
CREATE INDEX CONCURRENTLY idx_timers_executing ON timers (updated_at) WHERE status = 'executing';
