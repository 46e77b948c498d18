-- no-transaction
DROP INDEX CONCURRENTLY IF EXISTS idx_timers_failed_canceled;
