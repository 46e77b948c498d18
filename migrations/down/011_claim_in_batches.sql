-- blocking: builds an index under a lock that keeps writers out
-- loses: which timers were changed after an attempt: receivers may take a changed callback for a repetition
-- loses: since when deferred and retried timers have been due

DO $$
DECLARE
    running TEXT;
BEGIN
    SELECT string_agg(name, ', ') INTO running
    FROM dispatchers WHERE heartbeat_at > clock_timestamp() - INTERVAL '10 seconds';
    IF running IS NOT NULL THEN
        RAISE EXCEPTION 'dispatchers are running: %', running
            USING ERRCODE = 'object_in_use', HINT = 'Stop every timer service, wait ten seconds, then run down again.';
    END IF;
END;
$$;

DROP VIEW timer_states;
DROP TRIGGER set_timers_callback_bytes ON timers;
DROP FUNCTION set_callback_bytes();
DROP FUNCTION lock_unclaimed_timer(UUID);
DROP FUNCTION claimed_timers(TIMESTAMPTZ, TIMESTAMPTZ);
DROP TABLE claim_batches;

DELETE FROM dispatchers;
ALTER TABLE dispatchers DROP COLUMN heartbeats;
COMMENT ON TABLE dispatchers IS 'Running dispatchers. One whose heartbeat is too old has lost its claims.';

ALTER TABLE timers
    DROP COLUMN callback_bytes,
    DROP COLUMN revision,
    DROP COLUMN due_since,
    DROP COLUMN retry_from,
    ADD COLUMN claimed_by UUID;
COMMENT ON COLUMN timers.status IS NULL;
COMMENT ON COLUMN timers.next_attempt_at IS 'When the timer is due instead of execute_at: after a retry, a hand-back or a request to run now.';
COMMENT ON COLUMN timers.claimed_by IS 'The dispatcher (dispatchers.id) that holds the timer while it is executing.';
COMMENT ON COLUMN timers.claims IS 'Number of claims so far: the fencing token. A settle that names an older number changes nothing.';
COMMENT ON COLUMN timers.lost_claims IS 'Claims whose dispatcher died, in a row. Bounds a timer that keeps killing its dispatcher.';

DROP TRIGGER update_timers_updated_at ON timers;
CREATE TRIGGER update_timers_updated_at
    BEFORE UPDATE ON timers
    FOR EACH ROW
    EXECUTE FUNCTION update_updated_at_column();

CREATE INDEX idx_timers_claimed_by ON timers (claimed_by) WHERE status = 'executing';
