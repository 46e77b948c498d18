-- no-transaction
CREATE INDEX CONCURRENTLY idx_timers_failed_canceled ON timers (status, created_at DESC) WHERE status IN ('failed', 'canceled');
