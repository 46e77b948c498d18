-- no-transaction
CREATE INDEX CONCURRENTLY idx_timers_created_http ON timers (created_at DESC, id DESC) WHERE callback_type = 'http';
