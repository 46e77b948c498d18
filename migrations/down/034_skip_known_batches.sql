DROP FUNCTION claimed_timers(TIMESTAMPTZ, TIMESTAMPTZ, BIGINT[]);
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
