-- no-transaction
CREATE INDEX CONCURRENTLY idx_timers_paused_for ON timers (paused_for) WHERE paused_for IS NOT NULL;
