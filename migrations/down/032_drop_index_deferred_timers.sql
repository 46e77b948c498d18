-- no-transaction
CREATE INDEX CONCURRENTLY idx_timers_deferred ON timers (due_since) WHERE status = 'pending' AND due_since IS NOT NULL;
