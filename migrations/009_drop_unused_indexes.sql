-- Every index is paid for on every row version, three per timer. No query of the service names these any more:
-- due timers are found by idx_timers_due, claimed ones by idx_timers_claimed_by, failed and canceled ones by
-- idx_timers_failed_canceled, and the other lists walk idx_timers_created_at. Lists of one callback type do so too, with
-- an index of NATS timers alone (010) for tables where they are few: the index of 002 was a seventh of the cost of
-- claiming and settling.
--
-- Online: only the catalogue changes.

DROP INDEX IF EXISTS idx_timers_execute_at_status;
DROP INDEX IF EXISTS idx_timers_status;
DROP INDEX IF EXISTS idx_timers_callback_type;
