-- no-transaction
CREATE INDEX CONCURRENTLY idx_timers_claimed_by ON timers (claimed_by) WHERE status = 'executing';
