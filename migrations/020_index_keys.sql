-- no-transaction
CREATE INDEX CONCURRENTLY idx_timers_key ON timers (client, key, created_at DESC) WHERE key IS NOT NULL;
