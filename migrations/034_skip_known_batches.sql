-- A claim reads the batches twice: those of its snapshot, and again those of now, because another claim may have committed
-- in between. With this function it names the batches that it knows already, and nearly always none is left. To read the
-- ids of all of them again was a third of the cost of a claim in a burst.

CREATE FUNCTION newly_claimed_timers(due_between TIMESTAMPTZ, due_and TIMESTAMPTZ, known_batches BIGINT[])
RETURNS TABLE (id UUID, token INTEGER)
LANGUAGE plpgsql VOLATILE SET search_path FROM CURRENT AS $$
BEGIN
    RETURN QUERY
    SELECT claim.id, claim.token
    FROM claim_batches, unnest(timer_ids, tokens) AS claim (id, token)
    WHERE due_to >= due_between AND due_from <= due_and AND claim_batches.id <> ALL (known_batches);
END;
$$;
COMMENT ON FUNCTION newly_claimed_timers IS 'As claimed_timers, without the claims of known batches.';
