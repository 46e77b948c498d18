-- blocking: writes every row, in one transaction, under a lock that keeps readers and writers out
-- loses: whether headers or a payload were JSON null or SQL NULL: they come back as SQL NULL
-- loses: whatever callback_config holds besides url, headers and payload, such as a timeout of its own
-- loses: the order of the columns: callback_url, callback_headers and callback_payload come back as the last ones

DO $$
DECLARE
    broken BIGINT;
    example UUID;
BEGIN
    SELECT count(*), min(id::text)::uuid INTO broken, example FROM timers WHERE callback_type <> 'http';
    IF broken > 0 THEN
        RAISE EXCEPTION '% timers are not http, for example %: version 1 cannot hold them', broken, example
            USING ERRCODE = 'feature_not_supported',
                  HINT = 'Let them be delivered, or cancel and delete them, then go back again';
    END IF;
    SELECT count(*), min(id::text)::uuid INTO broken, example FROM timers WHERE callback_config->>'url' IS NULL;
    IF broken > 0 THEN
        RAISE EXCEPTION '% timers have no url in callback_config, for example %: version 1 needs one', broken, example
            USING ERRCODE = 'not_null_violation', HINT = 'Correct or delete them, then go back again';
    END IF;
    SELECT count(*), min(id::text)::uuid INTO broken, example
    FROM timers WHERE jsonb_typeof(callback_config->'headers'->'$encrypted') = 'object';
    IF broken > 0 THEN
        RAISE EXCEPTION '% timers have encrypted headers, for example %: the first service cannot read them', broken, example
            USING ERRCODE = 'feature_not_supported',
                  HINT = 'Put none in front of the keys in HEADER_ENCRYPTION_KEYS of every process, run npx nx run migrator:encrypt-headers -- --decrypt, then go back again';
    END IF;
END;
$$;

ALTER TABLE timers
    ADD COLUMN callback_url TEXT,
    ADD COLUMN callback_headers JSONB,
    ADD COLUMN callback_payload JSONB;

ALTER TABLE timers DISABLE TRIGGER update_timers_updated_at;

UPDATE timers SET
    callback_url = callback_config->>'url',
    callback_headers = NULLIF(callback_config->'headers', 'null'::jsonb),
    callback_payload = NULLIF(callback_config->'payload', 'null'::jsonb);

ALTER TABLE timers ENABLE TRIGGER update_timers_updated_at;

ALTER TABLE timers
    ALTER COLUMN callback_url SET NOT NULL;

ALTER TABLE timers
    DROP COLUMN callback_type,
    DROP COLUMN callback_config;

COMMENT ON TABLE timers IS NULL;
