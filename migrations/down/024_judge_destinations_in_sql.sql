-- The service records the settings again when it starts.

CREATE OR REPLACE FUNCTION timer_installation_issues(callback JSONB)
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

CREATE OR REPLACE FUNCTION timer_url_issue(value JSONB)
RETURNS TEXT LANGUAGE plpgsql IMMUTABLE AS $$
DECLARE
    url TEXT := value #>> '{}';
    authority TEXT;
    parts TEXT[];
BEGIN
    IF value IS NULL THEN RETURN 'is required'; END IF;
    IF jsonb_typeof(value) <> 'string' THEN RETURN 'must be a string'; END IF;
    IF length(url) > 8192 THEN RETURN 'must have at most 8192 characters'; END IF;
    IF url ~ '[\u0001-\u0020\u007f\\\u00a0\u1680\u2000-\u200a\u2028\u2029\u202f\u205f\u3000\ufeff]' THEN
        RETURN 'must not contain spaces, control characters or backslashes';
    END IF;
    IF url !~* '^https?://[^/]' THEN
        RETURN 'must start with http:// or https://, followed by a host name';
    END IF;
    authority := substring(url FROM '://([^/?#]*)');
    IF strpos(authority, '@') > 0 THEN
        RETURN 'must not contain a user name or password: use an Authorization header';
    END IF;
    parts := regexp_match(authority, '^(\[.*\]|[^:]*)(?::([0-9]*))?$');
    IF parts IS NULL OR parts[1] = '' OR COALESCE(ltrim(parts[2], '0'), '') ~ '^[0-9]{6}'
        OR COALESCE(NULLIF(ltrim(parts[2], '0'), ''), '0')::numeric > 65535 THEN
        RETURN 'must be an absolute URL';
    END IF;
    IF parts[1] ~ '^\[' THEN
        RETURN CASE WHEN NOT timer_is_ipv6(btrim(parts[1], '[]')) THEN 'must be an absolute URL' END;
    END IF;
    IF parts[1] ~ '[^\u0021-\u007e]|%' THEN
        RETURN 'must have a host name in ASCII without percent-encoding: write international names as xn--…';
    END IF;
    IF parts[1] ~ '[][<>^|]' OR NOT timer_is_ipv4_or_name(parts[1]) THEN
        RETURN 'must be an absolute URL';
    END IF;
    RETURN NULL;
END;
$$;

DROP FUNCTION timer_without_callback_name(JSONB);
DROP FUNCTION timer_egress_issue(JSONB, TEXT);
DROP FUNCTION timer_is_address_allowed(JSONB, TEXT, INET, INTEGER);
DROP FUNCTION timer_is_listed(JSONB, TEXT, INET, INTEGER, BOOLEAN);
DROP FUNCTION timer_address_class(JSONB, INET);
DROP FUNCTION timer_translated_address(INET);
DROP FUNCTION timer_host_address(TEXT);
DROP FUNCTION timer_is_punycode(TEXT);
DROP FUNCTION timer_decode_punycode(TEXT);
ALTER TABLE installation_settings DROP COLUMN egress_policy, DROP COLUMN nats_max_payload;
COMMENT ON TABLE installation_settings IS 'One row with settings of the timer service that started last.';
