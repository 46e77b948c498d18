-- Every index is paid for on every row version, three per timer. No query of the service names these two any more:
-- due timers are found by idx_timers_due, claimed ones by idx_timers_claimed_by, failed and canceled ones by
-- idx_timers_failed_canceled, and the other lists walk idx_timers_created_at.
--
-- Online: only the catalogue changes.

DROP INDEX IF EXISTS idx_timers_execute_at_status;
DROP INDEX IF EXISTS idx_timers_status;

-- The trigger asks first whether the statement has set updated_at itself, as the dispatcher's statements do:
-- a call of PL/pgSQL for each row is a measurable part of claiming and settling in batches.
DROP TRIGGER update_timers_updated_at ON timers;
CREATE TRIGGER update_timers_updated_at
    BEFORE UPDATE ON timers
    FOR EACH ROW
    WHEN (NEW.updated_at IS NOT DISTINCT FROM OLD.updated_at)
    EXECUTE FUNCTION update_updated_at_column();
