-- no-transaction
DROP INDEX CONCURRENTLY IF EXISTS idx_timers_created_http;
