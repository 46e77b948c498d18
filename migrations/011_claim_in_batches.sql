-- blocking: writes the timers that a stopped dispatcher left executing, and the leases; both are few
-- Claims leave the rows of timers: a dispatcher records a batch of claims as one row.
--
-- A timer is claimed while it is pending and its id stands, with its fencing token (timers.claims), in a batch. Claiming
-- writes no row version of the timer; its token grows when the claim ends. Dispatchers of earlier versions cannot run
-- beside this protocol: the column that they claim with is gone. Stop every dispatcher before this migration.
--
-- Online for the API: new tables and columns, short locks; only timers that a stopped dispatcher left executing are
-- written.

DO $$
DECLARE
    running TEXT;
BEGIN
    SELECT string_agg(name, ', ') INTO running
    FROM dispatchers WHERE heartbeat_at > clock_timestamp() - INTERVAL '10 seconds';
    IF running IS NOT NULL THEN
        RAISE EXCEPTION 'dispatchers are running: %', running
            USING ERRCODE = 'object_in_use',
                  HINT = 'Stop every timer service, wait ten seconds, then migrate again. Timers that are due meanwhile are delivered afterwards.';
    END IF;
END;
$$;

UPDATE timers SET status = 'pending', claims = claims + 1
WHERE status = 'executing' AND claimed_by IS NOT NULL;

ALTER TABLE timers
    DROP COLUMN claimed_by,
    ADD COLUMN callback_bytes INTEGER,
    ADD COLUMN revision INTEGER NOT NULL DEFAULT 0,
    ADD COLUMN due_since TIMESTAMPTZ,
    ADD COLUMN retry_from TIMESTAMPTZ;

COMMENT ON COLUMN timers.status IS 'pending, completed, failed or canceled; executing only in rows of the first service. A claimed timer is pending here: see timer_states.';
COMMENT ON COLUMN timers.next_attempt_at IS 'When the timer is due instead of execute_at: after a retry, a release with a delay or a request to run now.';
COMMENT ON COLUMN timers.claims IS 'Fencing token: grows when a claim ends. A statement that names an older one changes nothing.';
COMMENT ON COLUMN timers.lost_claims IS 'Claims in a row that were lost with their dispatcher. From two on the timer is claimed alone.';
COMMENT ON COLUMN timers.callback_bytes IS 'Bytes of callback_config as PostgreSQL prints it; NULL in rows from before this column.';
COMMENT ON COLUMN timers.revision IS 'Grows when the timer is changed after a claim: receivers must not take the new callback for a repetition of the old one.';
COMMENT ON COLUMN timers.due_since IS 'When a timer that was released with a delay was first due; NULL: it was not.';
COMMENT ON COLUMN timers.retry_from IS 'When a client last asked for a retry: the retry policy counts from there; NULL: from execute_at.';

DELETE FROM dispatchers;
ALTER TABLE dispatchers ADD COLUMN heartbeats BIGINT NOT NULL DEFAULT 0;
COMMENT ON TABLE dispatchers IS 'Leases of running dispatchers. The others remove one whose heartbeats stand still.';
COMMENT ON COLUMN dispatchers.heartbeats IS 'Heartbeats so far. Observers time its changes by their own clocks; heartbeat_at is for people.';

CREATE TABLE claim_batches (
    id BIGINT GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    dispatcher UUID REFERENCES dispatchers(id) ON DELETE SET NULL,
    claimed_at TIMESTAMPTZ NOT NULL DEFAULT clock_timestamp(),
    due_from TIMESTAMPTZ NOT NULL,
    due_to TIMESTAMPTZ NOT NULL,
    timer_ids UUID[] NOT NULL,
    tokens INTEGER[] NOT NULL
) WITH (
    autovacuum_vacuum_threshold = 500, autovacuum_vacuum_scale_factor = 0,
    toast.autovacuum_vacuum_threshold = 1000, toast.autovacuum_vacuum_scale_factor = 0
);
ALTER TABLE claim_batches
    ALTER COLUMN timer_ids SET STORAGE EXTERNAL,
    ALTER COLUMN tokens SET STORAGE EXTERNAL;
CREATE INDEX idx_claim_batches_due_to ON claim_batches(due_to);
CREATE INDEX idx_claim_batches_dispatcher ON claim_batches(dispatcher);
COMMENT ON TABLE claim_batches IS 'Claims: timer_ids[n] is claimed while it is pending with the fencing token tokens[n]. A batch without a dispatcher is lost and waits to be rescued.';
COMMENT ON COLUMN claim_batches.due_from IS 'With due_to: between which instants the timers of the batch are due. Limits the batches in which a timer can be.';

-- Both functions are volatile for a reason: their queries then see what committed after the calling statement began.

CREATE FUNCTION claimed_timers(due_between TIMESTAMPTZ, due_and TIMESTAMPTZ)
RETURNS TABLE (id UUID, token INTEGER)
LANGUAGE plpgsql VOLATILE SET search_path FROM CURRENT AS $$
BEGIN
    RETURN QUERY
    SELECT claim.id, claim.token
    FROM claim_batches, unnest(timer_ids, tokens) AS claim (id, token)
    WHERE due_to >= due_between AND due_from <= due_and;
END;
$$;
COMMENT ON FUNCTION claimed_timers IS 'Claims of timers that are due between two instants, as of now rather than as of the start of the calling statement.';

CREATE FUNCTION lock_unclaimed_timer(timer UUID)
RETURNS BOOLEAN
LANGUAGE plpgsql VOLATILE SET search_path FROM CURRENT AS $$
DECLARE
    due TIMESTAMPTZ;
    fencing_token INTEGER;
BEGIN
    SELECT COALESCE(next_attempt_at, execute_at), claims INTO due, fencing_token
    FROM timers WHERE timers.id = timer AND status = 'pending'
    FOR NO KEY UPDATE;
    IF NOT FOUND THEN
        RETURN FALSE;
    END IF;
    RETURN NOT EXISTS (
        SELECT FROM claimed_timers(due, due) AS claim
        WHERE claim.id = timer AND claim.token = fencing_token
    );
END;
$$;
COMMENT ON FUNCTION lock_unclaimed_timer IS 'Locks a pending timer for the calling transaction; whether it was not claimed. Nobody can claim it before that transaction ends.';

CREATE FUNCTION set_callback_bytes()
RETURNS TRIGGER
LANGUAGE plpgsql AS $$
BEGIN
    NEW.callback_bytes = octet_length(NEW.callback_config::text);
    IF NEW.callback_bytes > 3145728 THEN
        RAISE EXCEPTION 'callback_config has % bytes as PostgreSQL prints it; at most 3145728 are allowed', NEW.callback_bytes
            USING ERRCODE = 'check_violation', CONSTRAINT = 'callback_size', TABLE = TG_TABLE_NAME;
    END IF;
    RETURN NEW;
END;
$$;
CREATE TRIGGER set_timers_callback_bytes
    BEFORE INSERT OR UPDATE OF callback_config ON timers
    FOR EACH ROW EXECUTE FUNCTION set_callback_bytes();

-- Statements that set updated_at themselves do not pay for the trigger.
DROP TRIGGER update_timers_updated_at ON timers;
CREATE TRIGGER update_timers_updated_at
    BEFORE UPDATE ON timers
    FOR EACH ROW WHEN (NEW.updated_at IS NOT DISTINCT FROM OLD.updated_at)
    EXECUTE FUNCTION update_updated_at_column();

CREATE VIEW timer_states AS
SELECT timers.id,
       CASE WHEN batch.id IS NULL THEN timers.status ELSE 'executing' END AS status,
       COALESCE(timers.next_attempt_at, timers.execute_at) AS due_at,
       batch.dispatcher,
       batch.claimed_at
FROM timers
LEFT JOIN LATERAL (
    SELECT claim_batches.id, claim_batches.dispatcher, claim_batches.claimed_at
    FROM claim_batches, unnest(timer_ids, tokens) AS claim (id, token)
    WHERE timers.status = 'pending'
      AND due_to >= COALESCE(timers.next_attempt_at, timers.execute_at)
      AND due_from <= COALESCE(timers.next_attempt_at, timers.execute_at)
      AND claim.id = timers.id AND claim.token = timers.claims
    LIMIT 1
) AS batch ON TRUE;
COMMENT ON VIEW timer_states IS 'The current state of each timer: a claimed one is executing, by this dispatcher.';
