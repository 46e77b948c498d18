-- blocking: the timers that wait for a paused destination are few compared with all, and dispatchers are stopped for this
-- loses: settings of destinations, reports and statistics, sessions of the console, and the record of operators' actions;
-- timers that wait for a paused destination become due

UPDATE timers SET next_attempt_at = due_since, paused_for = NULL WHERE paused_for IS NOT NULL;
DROP TABLE operator_action_timers;
DROP TABLE operator_actions;
DROP TABLE console_sessions;
DROP TABLE dispatch_minutes;
DROP TABLE dispatcher_reports;
DROP FUNCTION timer_destination(JSONB);
ALTER TABLE timers DROP COLUMN paused_for;
DROP TABLE destination_settings;
