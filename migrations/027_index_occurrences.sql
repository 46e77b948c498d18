-- no-transaction
CREATE INDEX CONCURRENTLY idx_timers_schedule ON timers (schedule_id, scheduled_for) WHERE schedule_id IS NOT NULL;
