-- loses: all schedules, the record of what they skipped, and to which schedule a timer belongs

DROP FUNCTION withdraw_occurrences(UUID, TIMESTAMPTZ);
ALTER TABLE timers
    DROP COLUMN schedule_id,
    DROP COLUMN scheduled_for,
    DROP COLUMN origin,
    DROP COLUMN withdrawn;
DROP TABLE schedule_skips;
DROP TABLE schedules;
