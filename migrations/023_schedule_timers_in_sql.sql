-- Timers that exist exactly when the transaction of their client commits: schedule_timer and cancel_timer.
--
-- They run as their owner, for roles that have only EXECUTE. Online: new functions only.

-- What runs as the owner must find only the objects of this schema: without pg_temp at the end, the temporary tables of the
-- caller would come first. Local to this transaction.
SELECT set_config('search_path', quote_ident(current_schema()) || ', pg_temp', TRUE);
ALTER FUNCTION lock_unclaimed_timer(UUID) SET search_path FROM CURRENT;
ALTER FUNCTION claimed_timers(TIMESTAMPTZ, TIMESTAMPTZ) SET search_path FROM CURRENT;

CREATE FUNCTION timer_client()
RETURNS TEXT LANGUAGE sql STABLE AS $$
    -- Inside a function with SECURITY DEFINER current_user is its owner; SET ROLE needs membership, so nobody can forge it.
    SELECT 'sql:' || CASE current_setting('role') WHEN 'none' THEN session_user::text ELSE current_setting('role') END;
$$;

-- Raises an error whose DETAIL has the code and the reason that the API responds with.
CREATE FUNCTION timer_raise(state TEXT, message TEXT, detail JSONB)
RETURNS VOID LANGUAGE plpgsql AS $$
BEGIN
    RAISE EXCEPTION USING ERRCODE = state, MESSAGE = message, DETAIL = jsonb_strip_nulls(detail)::text;
END;
$$;

CREATE FUNCTION timer_raise_issues(issues JSONB, reason TEXT)
RETURNS VOID LANGUAGE plpgsql AS $$
DECLARE
    total INTEGER := jsonb_array_length(issues);
BEGIN
    IF total = 0 THEN RETURN; END IF;
    PERFORM timer_raise(
        'invalid_parameter_value',
        (issues #>> '{0,path}') || ': ' || (issues #>> '{0,message}') || CASE WHEN total > 1 THEN format(' (and %s more)', total - 1) ELSE '' END,
        jsonb_build_object('code', 2, 'reason', reason, 'errors', (
            SELECT jsonb_agg(issue) FROM (SELECT issue FROM jsonb_array_elements(issues) AS issue LIMIT 100) AS first)));
END;
$$;

-- What only the settings of the timer service decide. Without them nothing is known, and headers are refused.
CREATE FUNCTION timer_installation_issues(callback JSONB)
RETURNS JSONB LANGUAGE plpgsql STABLE AS $$
DECLARE
    settings RECORD;
BEGIN
    SELECT * INTO settings FROM installation_settings;
    IF callback ->> 'type' = 'nats' AND NOT settings.delivers_nats THEN
        RETURN timer_issue('callback.type', 'NATS is not configured in the timer service: set NATS_URL or NATS_HOST');
    END IF;
    IF jsonb_typeof(callback -> 'headers') = 'object' AND callback -> 'headers' <> '{}' AND COALESCE(settings.encrypts_headers, TRUE) THEN
        RETURN timer_issue('callback.headers', CASE WHEN settings.encrypts_headers
            THEN 'must be empty: headers are stored encrypted, which only the timer service can do; create the timer with the API'
            ELSE 'must be empty until a timer service of this version has started: it is not known whether headers must be encrypted' END);
    END IF;
    RETURN '[]';
END;
$$;

-- An id of version 7 (RFC 9562): new entries are adjacent in the index of the primary key.
CREATE FUNCTION timer_new_id()
RETURNS UUID LANGUAGE sql VOLATILE AS $$
    SELECT encode(set_bit(set_bit(overlay(uuid_send(gen_random_uuid())
        PLACING substring(int8send(floor(extract(epoch FROM clock_timestamp()) * 1000)::bigint) FROM 3) FROM 1 FOR 6),
        52, 1), 53, 1), 'hex')::uuid;
$$;

-- Rounded up to milliseconds, so that a timer is never early. Days and months are those of UTC.
CREATE FUNCTION timer_due_at(execute_at TIMESTAMPTZ, delay INTERVAL)
RETURNS TIMESTAMPTZ LANGUAGE sql VOLATILE AS $$
    SELECT CASE
        WHEN execute_at IS NOT NULL THEN date_trunc('milliseconds', execute_at + interval '999 microseconds')
        WHEN delay < interval '1 millisecond' THEN date_trunc('milliseconds', clock_timestamp() + interval '1 millisecond')
        ELSE date_trunc('milliseconds', (clock_timestamp() AT TIME ZONE 'UTC' + delay) AT TIME ZONE 'UTC' + interval '999 microseconds') END;
$$;

CREATE FUNCTION timer_timing_issues(execute_at TIMESTAMPTZ, delay INTERVAL, expires_at TIMESTAMPTZ)
RETURNS JSONB LANGUAGE sql IMMUTABLE AS $$
    SELECT timer_issue('execute_at', CASE
            WHEN execute_at IS NULL AND delay IS NULL THEN 'is required unless delay is set'
            WHEN execute_at >= '10000-01-01 00:00:00+00' THEN 'must be before the year 10000'
            WHEN execute_at <= '1970-01-01 00:00:00+00' THEN 'must be in the future' END)
        || timer_issue('delay', CASE
            WHEN execute_at IS NOT NULL AND delay IS NOT NULL THEN 'cannot be combined with execute_at'
            WHEN delay < interval '0' OR delay > interval '36525 days' THEN 'must be between 0 and 36525 days' END)
        || timer_issue('expires_at', CASE
            WHEN expires_at >= '10000-01-01 00:00:00+00' THEN 'must be before the year 10000'
            WHEN expires_at <= execute_at THEN 'must be after execute_at' END);
$$;

-- Whether a lock of the row tells that the timer is not claimed: a claim that has committed after the snapshot of the
-- transaction is not visible at the higher isolation levels. Timers that are due later than in 10 seconds have no claim.
CREATE FUNCTION timer_check_isolation(due TIMESTAMPTZ)
RETURNS VOID LANGUAGE plpgsql AS $$
BEGIN
    IF current_setting('transaction_isolation') LIKE 'read %' OR due > clock_timestamp() + interval '10 seconds' THEN RETURN; END IF;
    RAISE EXCEPTION 'a timer that is due within 10 seconds can only be changed at the isolation level READ COMMITTED'
        USING ERRCODE = 'feature_not_supported', HINT = 'Use BEGIN ISOLATION LEVEL READ COMMITTED, or the API.';
END;
$$;

-- A hint for the dispatchers. The instants of 20 ms have the same text, which PostgreSQL sends once per transaction.
CREATE FUNCTION timer_notify(due TIMESTAMPTZ)
RETURNS VOID LANGUAGE plpgsql AS $$
DECLARE
    from_ms BIGINT := floor(extract(epoch FROM due) * 50)::bigint * 20;
BEGIN
    IF due < clock_timestamp() + interval '5 seconds' THEN
        PERFORM pg_notify('timers_due', from_ms || ' ' || from_ms + 19);
    END IF;
END;
$$;

-- Replaces the pending timer with this key. NULL: there is none.
CREATE FUNCTION timer_replace(
    owner TEXT, wanted TEXT, due_at TIMESTAMPTZ, callback JSONB, new_metadata JSONB, new_retry JSONB, expiry TIMESTAMPTZ
)
RETURNS UUID LANGUAGE plpgsql AS $$
DECLARE
    pending UUID;
    due TIMESTAMPTZ;
BEGIN
    SELECT id, COALESCE(next_attempt_at, execute_at) INTO pending, due
    FROM timers WHERE client = owner AND key = wanted AND status = 'pending';
    IF pending IS NULL THEN RETURN NULL; END IF;
    PERFORM timer_check_isolation(due);
    UPDATE timers SET
        execute_at = due_at, next_attempt_at = NULL, due_since = NULL, retry_from = NULL,
        callback_type = callback ->> 'type', callback_config = callback, metadata = new_metadata, retry = new_retry,
        expires_at = expiry, attempts_forgiven = attempts, lost_claims = 0,
        revision = revision + CASE WHEN claims > 0 THEN 1 ELSE 0 END, updated_at = now()
    WHERE id = pending AND status || '' = 'pending' AND lock_unclaimed_timer(id);
    IF FOUND THEN RETURN pending; END IF;
    -- Executing, unless it has ended in the meantime.
    IF EXISTS (SELECT FROM timers WHERE id = pending AND status = 'pending') THEN
        PERFORM timer_raise('object_not_in_prerequisite_state', 'cannot replace timer with status ''executing''',
            '{"code": 2, "reason": "not_pending", "status": "executing"}');
    END IF;
    RETURN NULL;
END;
$$;

CREATE FUNCTION schedule_timer(
    callback JSONB,
    execute_at TIMESTAMPTZ DEFAULT NULL,
    delay INTERVAL DEFAULT NULL,
    key TEXT DEFAULT NULL,
    metadata JSONB DEFAULT NULL,
    retry JSONB DEFAULT NULL,
    expires_at TIMESTAMPTZ DEFAULT NULL,
    idempotency_key TEXT DEFAULT NULL
)
RETURNS UUID LANGUAGE plpgsql VOLATILE SECURITY DEFINER SET search_path FROM CURRENT AS $$
DECLARE
    owner TEXT := timer_client();
    new RECORD;
    earlier RECORD;
    stored UUID;
    request BYTEA;
BEGIN
    PERFORM timer_raise_issues(timer_timing_issues($2, $3, $7) || timer_callback_issues($1)
        || timer_issue('key', CASE WHEN $4 IN ('.', '..') THEN 'must not be . or ..' ELSE timer_key_issue($4) END)
        || timer_json_issues($5, 'metadata', 65536) || timer_retry_issues($6)
        || timer_issue('headers.idempotency-key', timer_key_issue($8)), NULL);
    PERFORM timer_raise_issues(timer_installation_issues($1), NULL);
    IF octet_length($1::text) > 3145728 THEN
        PERFORM timer_raise('program_limit_exceeded', 'callback: must be at most 3145728 bytes as PostgreSQL prints it', '{"code": 5}');
    END IF;

    SELECT timer_new_id() AS id, timer_due_at($2, $3) AS execute_at, NULLIF($5, 'null') AS metadata,
           CASE WHEN $6 ? 'exponential' THEN jsonb_set($6, '{exponential}', '{"factor": 2}' || ($6 -> 'exponential')) ELSE NULLIF($6, 'null') END AS retry,
           date_trunc('milliseconds', $7 + interval '999 microseconds') AS expires_at
    INTO new;
    IF new.execute_at <= clock_timestamp() AND $3 IS NULL THEN
        PERFORM timer_raise_issues(timer_issue('execute_at', 'must be in the future'), 'in_the_past');
    END IF;
    IF $7 <= GREATEST(new.execute_at, clock_timestamp()) THEN
        PERFORM timer_raise_issues(timer_issue('expires_at', 'must be in the future and after execute_at'), NULL);
    END IF;

    IF $8 IS NOT NULL THEN
        request := sha256(convert_to(jsonb_build_array('schedule_timer', $1, extract(epoch FROM $2), $3::text, $4, $5, $6, extract(epoch FROM $7))::text, 'UTF8'));
        -- Waits for a transaction with the same key.
        INSERT INTO idempotency_keys (client, key, request_hash, timer_ids) VALUES (owner, $8, request, ARRAY[new.id]) ON CONFLICT DO NOTHING;
        IF NOT FOUND THEN
            SELECT * INTO earlier FROM idempotency_keys AS used WHERE used.client = owner AND used.key = $8;
            IF earlier.request_hash IS DISTINCT FROM request THEN
                PERFORM timer_raise('unique_violation', 'this idempotency_key was used with another request; use a new key', '{"code": 7, "reason": "different_request"}');
            END IF;
            IF NOT EXISTS (SELECT FROM timers AS old WHERE old.id = earlier.timer_ids[1]) THEN
                PERFORM timer_raise('unique_violation', 'the timer of this idempotency_key was deleted; use a new key', '{"code": 7, "reason": "timers_deleted"}');
            END IF;
            RETURN earlier.timer_ids[1];
        END IF;
    END IF;

    LOOP
        IF $4 IS NOT NULL THEN stored := timer_replace(owner, $4, new.execute_at, $1, new.metadata, new.retry, new.expires_at); END IF;
        IF stored IS NULL THEN
            INSERT INTO timers (id, execute_at, callback_type, callback_config, metadata, retry, expires_at, client, key)
            VALUES (new.id, new.execute_at, $1 ->> 'type', $1, new.metadata, new.retry, new.expires_at, owner, $4)
            ON CONFLICT DO NOTHING RETURNING id INTO stored;
        END IF;
        EXIT WHEN stored IS NOT NULL;
    END LOOP;
    IF $8 IS NOT NULL AND stored <> new.id THEN
        UPDATE idempotency_keys AS used SET timer_ids = ARRAY[stored] WHERE used.client = owner AND used.key = $8;
    END IF;
    PERFORM timer_notify(new.execute_at);
    RETURN stored;
END;
$$;

CREATE FUNCTION cancel_timer(id UUID)
RETURNS BOOLEAN LANGUAGE plpgsql VOLATILE SECURITY DEFINER SET search_path FROM CURRENT AS $$
DECLARE
    timer RECORD;
BEGIN
    SELECT * INTO timer FROM timers WHERE timers.id = $1;
    IF NOT FOUND THEN RETURN FALSE; END IF;
    IF timer.client IS DISTINCT FROM timer_client() THEN
        PERFORM timer_raise('insufficient_privilege', format('timer %s was not stored with schedule_timer by this role; cancel it with the API', $1), '{"code": 9}');
    END IF;
    IF timer.status <> 'pending' THEN RETURN FALSE; END IF;
    PERFORM timer_check_isolation(COALESCE(timer.next_attempt_at, timer.execute_at));
    UPDATE timers SET status = 'canceled', updated_at = now()
    WHERE timers.id = $1 AND timers.status || '' = 'pending' AND lock_unclaimed_timer(timers.id);
    RETURN FOUND;
END;
$$;

CREATE FUNCTION cancel_timer_by_key(key TEXT)
RETURNS BOOLEAN LANGUAGE plpgsql VOLATILE SECURITY DEFINER SET search_path FROM CURRENT AS $$
DECLARE
    pending UUID;
BEGIN
    SELECT timers.id INTO pending FROM timers WHERE timers.client = timer_client() AND timers.key = $1 AND timers.status = 'pending';
    RETURN pending IS NOT NULL AND cancel_timer(pending);
END;
$$;

REVOKE ALL ON FUNCTION
    timer_client(), timer_raise(TEXT, TEXT, JSONB), timer_raise_issues(JSONB, TEXT), timer_installation_issues(JSONB), timer_new_id(),
    timer_due_at(TIMESTAMPTZ, INTERVAL), timer_timing_issues(TIMESTAMPTZ, INTERVAL, TIMESTAMPTZ), timer_check_isolation(TIMESTAMPTZ),
    timer_notify(TIMESTAMPTZ), timer_replace(TEXT, TEXT, TIMESTAMPTZ, JSONB, JSONB, JSONB, TIMESTAMPTZ),
    schedule_timer(JSONB, TIMESTAMPTZ, INTERVAL, TEXT, JSONB, JSONB, TIMESTAMPTZ, TEXT), cancel_timer(UUID), cancel_timer_by_key(TEXT)
FROM PUBLIC;

SELECT set_config('search_path', quote_ident(current_schema()), TRUE);
