-- no-transaction
CREATE INDEX CONCURRENTLY idx_idempotency_keys_created_at ON idempotency_keys (created_at);
