-- no-transaction
CREATE INDEX CONCURRENTLY idx_timers_pending_occurrences ON timers (schedule_id, scheduled_for) WHERE status = 'pending' AND schedule_id IS NOT NULL;
