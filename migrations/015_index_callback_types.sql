-- no-transaction
CREATE INDEX CONCURRENTLY idx_timers_callback_type ON timers (callback_type, created_at DESC, id DESC);
