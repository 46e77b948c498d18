-- no-transaction
CREATE UNIQUE INDEX CONCURRENTLY idx_timers_pending_key ON timers (client, key) WHERE status = 'pending' AND key IS NOT NULL;
