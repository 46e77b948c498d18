-- no-transaction
CREATE INDEX CONCURRENTLY idx_timers_nats ON timers (created_at DESC) WHERE callback_type = 'nats';
