-- A claim reads the batches twice: those of its snapshot, and again those of now, because another claim may have committed
-- in between. The second time it names the batches that it knows already, and nearly always none is left. To read the ids
-- of all of them again was a third of the cost of a claim in a burst.
--
-- Calls with two arguments go on to work: services of the previous version make them.

DROP FUNCTION claimed_timers(TIMESTAMPTZ, TIMESTAMPTZ);
CREATE FUNCTION claimed_timers(due_between TIMESTAMPTZ, due_and TIMESTAMPTZ, known_batches BIGINT[] DEFAULT '{}')
RETURNS TABLE (id UUID, token INTEGER)
LANGUAGE plpgsql VOLATILE SET search_path FROM CURRENT AS $$
BEGIN
    RETURN QUERY
    SELECT claim.id, claim.token
    FROM claim_batches, unnest(timer_ids, tokens) AS claim (id, token)
    WHERE due_to >= due_between AND due_from <= due_and AND claim_batches.id <> ALL (known_batches);
END;
$$;
COMMENT ON FUNCTION claimed_timers IS 'Claims of timers that are due between two instants, as of now rather than as of the start of the calling statement. Without those of known_batches.';
