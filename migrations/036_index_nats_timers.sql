-- no-transaction
CREATE INDEX CONCURRENTLY idx_timers_created_nats ON timers (created_at DESC, id DESC) WHERE callback_type = 'nats';
