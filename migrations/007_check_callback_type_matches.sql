-- The discriminator stands twice, as a column and inside callback_config; from here on the database holds them equal.
--
-- Online: the look for rows that would break the rule runs before any lock is taken, the constraint is added NOT VALID,
-- and the next file validates it while writers go on.

DO $$
DECLARE
    broken BIGINT;
    example UUID;
BEGIN
    SELECT count(*), min(id::text)::uuid INTO broken, example
    FROM timers
    WHERE callback_config->>'type' IS DISTINCT FROM callback_type;
    IF broken > 0 THEN
        RAISE EXCEPTION '% timers have a callback_config whose "type" is not their callback_type, for example %', broken, example
            USING ERRCODE = 'check_violation',
                  HINT = 'Correct these rows, then migrate again: SELECT id, callback_type, callback_config->>''type'' FROM timers WHERE callback_config->>''type'' IS DISTINCT FROM callback_type';
    END IF;
END;
$$;

ALTER TABLE timers
    ADD CONSTRAINT callback_type_matches_config CHECK (callback_config->>'type' IS NOT DISTINCT FROM callback_type) NOT VALID;
