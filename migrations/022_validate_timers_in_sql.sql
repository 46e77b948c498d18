-- The rules of the HTTP API for a new timer, as functions. A test runs both on the same table of cases.
--
-- Each function returns its issues as a JSON array of {"path", "message"}, or one message, or NULL. They read no table.
--
-- Online: new functions only.

CREATE FUNCTION timer_issue(path TEXT, message TEXT)
RETURNS JSONB LANGUAGE sql IMMUTABLE AS $$
    SELECT CASE WHEN message IS NULL THEN '[]'::jsonb
           ELSE jsonb_build_array(jsonb_build_object('path', path, 'message', message)) END;
$$;

-- A field name comes from the client, and may be a megabyte long.
CREATE FUNCTION timer_path(parent TEXT, field TEXT)
RETURNS TEXT LANGUAGE sql IMMUTABLE AS $$
    SELECT parent || CASE WHEN parent = '' THEN '' ELSE '.' END
           || CASE WHEN length(field) > 64 THEN left(field, 64) || '…' ELSE field END;
$$;

CREATE FUNCTION timer_unknown_fields(object JSONB, known TEXT[], path TEXT)
RETURNS JSONB LANGUAGE sql IMMUTABLE AS $$
    SELECT COALESCE(jsonb_agg(jsonb_build_object('path', timer_path(path, field), 'message', 'unknown field')), '[]'::jsonb)
    FROM (SELECT field FROM jsonb_object_keys(object) AS field WHERE field <> ALL (known) LIMIT 100) AS unknown;
$$;

CREATE FUNCTION timer_integer_issue(value JSONB, smallest INTEGER, largest INTEGER)
RETURNS TEXT LANGUAGE plpgsql IMMUTABLE AS $$
DECLARE
    number NUMERIC;
BEGIN
    IF value IS NULL THEN RETURN NULL; END IF;
    IF jsonb_typeof(value) <> 'number' THEN RETURN 'must be a whole number'; END IF;
    number := value::numeric;
    IF number <> trunc(number) THEN RETURN 'must be a whole number'; END IF;
    IF number < smallest OR number > largest THEN RETURN format('must be between %s and %s', smallest, largest); END IF;
    RETURN NULL;
END;
$$;

-- Why a number would not arrive as it was sent. extra_float_digits: a double is printed so that it can be read back.
CREATE FUNCTION timer_number_issue(printed TEXT)
RETURNS TEXT LANGUAGE plpgsql IMMUTABLE SET extra_float_digits = 1 AS $$
DECLARE
    number NUMERIC;
BEGIN
    IF length(printed) > 400 THEN RETURN 'is a number of more than 400 characters: send it as a string'; END IF;
    number := printed::numeric;
    IF abs(number) > 1.7976931348623157e308 THEN RETURN 'is too large for a double-precision number: send it as a string'; END IF;
    IF number <> 0 AND abs(number) < 4.95e-324 THEN RETURN 'would become 0: send it as a string'; END IF;
    IF number = trunc(number) AND abs(number) > 9007199254740991 AND abs(number) < 1e21 THEN
        RETURN 'is an integer beyond 2^53 and would lose digits: send it as a string';
    END IF;
    IF number::float8::text::numeric <> number THEN
        RETURN format('would become %s: send it as a string', number::float8::text);
    END IF;
    RETURN NULL;
END;
$$;

-- A number as JSON.stringify prints it: with an exponent from 1e21 and below 1e-6.
CREATE FUNCTION timer_short_number(printed TEXT)
RETURNS TEXT LANGUAGE sql IMMUTABLE AS $$
    SELECT CASE
        WHEN printed::numeric <> 0 AND (abs(printed::numeric) >= 1e21 OR abs(printed::numeric) < 1e-6)
        THEN regexp_replace(printed::float8::text, 'e([+-])0', 'e\1')
        ELSE trim_scale(printed::numeric)::text END;
$$;

-- Bytes of a value as compact JSON.
CREATE FUNCTION timer_compact_bytes(value JSONB)
RETURNS BIGINT LANGUAGE sql IMMUTABLE AS $$
    SELECT octet_length(value::text) - COALESCE(sum(CASE jsonb_typeof(item)
        WHEN 'array' THEN GREATEST(jsonb_array_length(item) - 1, 0)
        WHEN 'object' THEN GREATEST(2 * (SELECT count(*) FROM jsonb_object_keys(item)) - 1, 0)
        -- Shorter numbers are printed alike.
        WHEN 'number' THEN CASE WHEN length(item::text) > 8 OR item::text LIKE '%.%0'
            THEN octet_length(item::text) - octet_length(timer_short_number(item::text)) ELSE 0 END
        ELSE 0 END), 0)::bigint
    FROM jsonb_array_elements(jsonb_path_query_array(value, 'strict $.**')) AS part (item);
$$;

CREATE FUNCTION timer_find_json_issue(value JSONB, path TEXT)
RETURNS JSONB LANGUAGE sql IMMUTABLE AS $$
    WITH RECURSIVE walk (path, item, depth) AS (
        SELECT path, value, 0
        UNION ALL
        SELECT timer_path(walk.path, child.name), child.item, walk.depth + 1
        FROM walk CROSS JOIN LATERAL (
            SELECT field.key, field.value
            FROM jsonb_each(CASE jsonb_typeof(walk.item) WHEN 'object' THEN walk.item ELSE '{}' END) AS field
            UNION ALL
            SELECT (element.ordinality - 1)::text, element.value
            FROM jsonb_array_elements(CASE jsonb_typeof(walk.item) WHEN 'array' THEN walk.item ELSE '[]' END)
                WITH ORDINALITY AS element
        ) AS child (name, item)
        WHERE walk.depth < 64
    ), found (path, message) AS (
        SELECT walk.path, CASE
            WHEN jsonb_typeof(walk.item) = 'number' THEN timer_number_issue(walk.item::text)
            WHEN walk.depth = 64 AND jsonb_typeof(walk.item) IN ('array', 'object') THEN 'must not be nested more than 64 levels deep' END
        FROM walk
    )
    SELECT timer_issue(found.path, found.message) FROM found WHERE found.message IS NOT NULL LIMIT 1;
$$;

-- A payload or metadata: bytes, depth and numbers.
CREATE FUNCTION timer_json_issues(value JSONB, path TEXT, max_bytes INTEGER)
RETURNS JSONB LANGUAGE plpgsql IMMUTABLE AS $$
DECLARE
    printed BIGINT := octet_length(value::text);
BEGIN
    IF value IS NULL THEN RETURN '[]'; END IF;
    IF printed > 2 * max_bytes THEN
        RETURN timer_issue(path, format('must be at most %s bytes with all digits of its numbers, got %s', 2 * max_bytes, printed));
    END IF;
    IF jsonb_path_exists(value, 'strict $.**{64 to last} ? (@.type() == "object" || @.type() == "array")') THEN
        RETURN timer_find_json_issue(value, path);
    END IF;
    -- A double keeps every number of so many characters.
    IF EXISTS (
        -- jsonb_path_query takes quadratic time.
        SELECT FROM jsonb_array_elements(jsonb_path_query_array(value, 'strict $.** ? (@.type() == "number")')) AS found (number)
        WHERE CASE WHEN length(number::text) > 15 THEN timer_number_issue(number::text) IS NOT NULL END
    ) THEN
        RETURN timer_find_json_issue(value, path);
    END IF;
    IF printed > max_bytes AND timer_compact_bytes(value) > max_bytes THEN
        RETURN timer_issue(path, format('must be at most %s bytes as JSON, got %s', max_bytes, timer_compact_bytes(value)));
    END IF;
    RETURN '[]';
END;
$$;

CREATE FUNCTION timer_duration_ms(duration TEXT)
RETURNS NUMERIC LANGUAGE sql IMMUTABLE AS $$
    SELECT sum(part[1]::numeric * CASE part[2]
        WHEN 'ms' THEN 1 WHEN 's' THEN 1000 WHEN 'm' THEN 60000 WHEN 'h' THEN 3600000 ELSE 86400000 END)
    FROM regexp_matches(duration, '([0-9]+)(ms|s|m|h|d)', 'g') AS part;
$$;

CREATE FUNCTION timer_duration_issue(value JSONB)
RETURNS TEXT LANGUAGE plpgsql IMMUTABLE AS $$
DECLARE
    duration TEXT := value #>> '{}';
BEGIN
    IF value IS NULL THEN RETURN 'is required'; END IF;
    IF jsonb_typeof(value) <> 'string' OR length(duration) > 64 OR duration !~ '^([0-9]{1,15}(ms|s|m|h|d))+$' THEN
        RETURN 'must be a duration such as "250ms", "90s" or "1d12h"';
    END IF;
    IF timer_duration_ms(duration) NOT BETWEEN 1 AND 3155760000000 THEN
        RETURN format('must be between 1 ms and 3155760000000 ms, got %s ms', timer_duration_ms(duration));
    END IF;
    RETURN NULL;
END;
$$;

CREATE FUNCTION timer_exponential_issues(exponential JSONB, path TEXT)
RETURNS JSONB LANGUAGE plpgsql IMMUTABLE AS $$
DECLARE
    initial_issue TEXT;
    max_issue TEXT;
    issues JSONB;
BEGIN
    IF jsonb_typeof(exponential) <> 'object' THEN RETURN timer_issue(path, 'must be an object'); END IF;
    initial_issue := timer_duration_issue(exponential -> 'initial');
    max_issue := timer_duration_issue(exponential -> 'max');
    issues := timer_unknown_fields(exponential, '{initial,factor,max}', path)
        || timer_issue(path || '.initial', initial_issue) || timer_issue(path || '.max', max_issue);
    IF exponential ? 'factor' AND (CASE WHEN jsonb_typeof(exponential -> 'factor') = 'number'
        THEN (exponential -> 'factor')::numeric NOT BETWEEN 1 AND 100 ELSE TRUE END) THEN
        issues := issues || timer_issue(path || '.factor', 'must be a number between 1 and 100');
    END IF;
    IF initial_issue IS NULL AND max_issue IS NULL
        AND timer_duration_ms(exponential ->> 'max') < timer_duration_ms(exponential ->> 'initial') THEN
        issues := issues || timer_issue(path || '.max', 'must not be shorter than initial');
    END IF;
    RETURN issues;
END;
$$;

CREATE FUNCTION timer_retry_issues(retry JSONB)
RETURNS JSONB LANGUAGE plpgsql IMMUTABLE AS $$
DECLARE
    issues JSONB;
    delays JSONB := retry -> 'delays';
BEGIN
    IF retry IS NULL OR jsonb_typeof(retry) = 'null' THEN RETURN '[]'; END IF;
    IF jsonb_typeof(retry) <> 'object' THEN RETURN timer_issue('retry', 'must be an object'); END IF;
    issues := timer_unknown_fields(retry, '{max_attempts,delays,exponential,give_up_after}', 'retry')
        || timer_issue('retry.max_attempts', timer_integer_issue(retry -> 'max_attempts', 1, 100));
    IF delays IS NOT NULL AND (CASE WHEN jsonb_typeof(delays) = 'array'
        THEN jsonb_array_length(delays) NOT BETWEEN 1 AND 100 ELSE TRUE END) THEN
        issues := issues || timer_issue('retry.delays', 'must be a list of 1 to 100 durations');
    ELSIF delays IS NOT NULL THEN
        SELECT issues || COALESCE(jsonb_agg(jsonb_build_object('path', 'retry.delays.' || (ordinality - 1), 'message', timer_duration_issue(value)))
            FILTER (WHERE timer_duration_issue(value) IS NOT NULL), '[]') INTO issues
        FROM jsonb_array_elements(delays) WITH ORDINALITY;
    END IF;
    IF retry ? 'exponential' THEN
        issues := issues || timer_exponential_issues(retry -> 'exponential', 'retry.exponential');
        IF delays IS NOT NULL THEN
            issues := issues || timer_issue('retry.exponential', 'cannot be combined with delays');
        END IF;
    END IF;
    IF retry ? 'give_up_after' THEN
        issues := issues || timer_issue('retry.give_up_after', timer_duration_issue(retry -> 'give_up_after'));
    END IF;
    RETURN issues;
END;
$$;

CREATE FUNCTION timer_header_issue(name TEXT, value JSONB, reserved TEXT)
RETURNS TEXT LANGUAGE sql IMMUTABLE AS $$
    SELECT CASE
        WHEN length(name) > 256 THEN 'name must have at most 256 characters'
        WHEN name !~ '^[!#$%&''*+.^_`|~0-9A-Za-z-]+$' THEN 'name contains characters that are not allowed in header names'
        WHEN lower(name) ~ reserved THEN 'is reserved'
        WHEN jsonb_typeof(value) <> 'string' THEN 'value must be a string'
        WHEN length(value #>> '{}') > 8192 THEN 'value must have at most 8192 characters'
        WHEN value #>> '{}' !~ '^[\u0009\u0020-\u007e]*$' THEN 'value must contain only visible ASCII characters, spaces and tabs'
    END;
$$;

CREATE FUNCTION timer_headers_issues(headers JSONB, reserved TEXT)
RETURNS JSONB LANGUAGE plpgsql IMMUTABLE AS $$
DECLARE
    names BIGINT;
    issues JSONB;
BEGIN
    IF headers IS NULL OR jsonb_typeof(headers) = 'null' THEN RETURN '[]'; END IF;
    IF jsonb_typeof(headers) <> 'object' THEN RETURN timer_issue('callback.headers', 'must be an object of strings'); END IF;
    SELECT count(*) INTO names FROM jsonb_object_keys(headers);
    IF names > 64 THEN RETURN timer_issue('callback.headers', format('must have at most 64 headers, got %s', names)); END IF;
    SELECT COALESCE(jsonb_agg(jsonb_build_object('path', timer_path('callback.headers', name), 'message', message))
        FILTER (WHERE message IS NOT NULL), '[]') INTO issues
    FROM (
        SELECT key AS name, COALESCE(timer_header_issue(key, value, reserved),
            CASE WHEN row_number() OVER (PARTITION BY lower(key)) > 1
            THEN 'duplicates another header: names are case-insensitive' END) AS message
        FROM jsonb_each(headers)
    ) AS header;
    RETURN issues;
END;
$$;

-- Whether the parser of the URL standard reads a host name that ends in a number as an IPv4 address.
CREATE FUNCTION timer_is_ipv4_or_name(host TEXT)
RETURNS BOOLEAN LANGUAGE plpgsql IMMUTABLE AS $$
DECLARE
    labels TEXT[] := string_to_array(regexp_replace(host, '\.$', ''), '.');
    label TEXT;
    number NUMERIC;
    place INTEGER := 0;
BEGIN
    IF labels[cardinality(labels)] !~* '^([0-9]+|0x[0-9a-f]*)$' THEN RETURN TRUE; END IF;
    IF cardinality(labels) > 4 THEN RETURN FALSE; END IF;
    FOREACH label IN ARRAY labels LOOP
        place := place + 1;
        IF length(label) > 20 THEN RETURN FALSE; END IF;
        IF label ~* '^0x[0-9a-f]*$' THEN
            number := CASE WHEN length(label) > 10 THEN 4294967296 ELSE ('x' || lpad(substr(label, 3), 16, '0'))::bit(64)::bigint END;
        ELSIF label ~ '^0[0-7]+$' THEN
            SELECT sum(digit::numeric * 8 ^ (length(label) - ordinality)) INTO number
            FROM regexp_split_to_table(label, '') WITH ORDINALITY AS digits (digit, ordinality);
        ELSIF label ~ '^(0|[1-9][0-9]*)$' THEN
            number := label::numeric;
        ELSE
            RETURN FALSE;
        END IF;
        IF number >= (CASE WHEN place < cardinality(labels) THEN 256 ELSE 256 ^ (5 - cardinality(labels)) END) THEN
            RETURN FALSE;
        END IF;
    END LOOP;
    RETURN TRUE;
END;
$$;

CREATE FUNCTION timer_is_ipv6(host TEXT)
RETURNS BOOLEAN LANGUAGE plpgsql IMMUTABLE AS $$
BEGIN
    RETURN host ~ '^[0-9A-Fa-f:.]+$' AND family(host::inet) = 6;
EXCEPTION WHEN invalid_text_representation THEN
    RETURN FALSE;
END;
$$;

-- Accepts no URL that the API refuses, except denied addresses and malformed Punycode, which fail at delivery. Refuses
-- host names with percent-encoding or beyond ASCII, which the API accepts.
CREATE FUNCTION timer_url_issue(value JSONB)
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

CREATE FUNCTION timer_http_callback_issues(callback JSONB)
RETURNS JSONB LANGUAGE sql IMMUTABLE AS $$
    SELECT timer_issue('callback.url', timer_url_issue(callback -> 'url'))
        || timer_headers_issues(callback -> 'headers',
            '^(connection|content-length|expect|host|keep-alive|proxy-connection|te|trailer|transfer-encoding|upgrade|webhook-.*)$')
        || timer_json_issues(callback -> 'payload', 'callback.payload', 1048576)
        || timer_issue('callback.timeout_ms', timer_integer_issue(callback -> 'timeout_ms', 100, 300000))
        || timer_unknown_fields(callback, '{type,url,headers,payload,timeout_ms}', 'callback');
$$;

CREATE FUNCTION timer_subject_issue(value JSONB)
RETURNS TEXT LANGUAGE plpgsql IMMUTABLE AS $$
DECLARE
    subject TEXT := value #>> '{}';
BEGIN
    IF value IS NULL THEN RETURN 'is required'; END IF;
    IF jsonb_typeof(value) <> 'string' THEN RETURN 'must be a string'; END IF;
    IF subject = '' THEN RETURN 'must not be empty'; END IF;
    IF length(subject) > 1024 THEN RETURN 'must have at most 1024 characters'; END IF;
    IF subject ~ '[\u0001-\u0020\u007f\u00a0\u1680\u2000-\u200a\u2028\u2029\u202f\u205f\u3000\ufeff]' THEN
        RETURN 'must not contain spaces, line breaks or control characters';
    END IF;
    IF subject ~ '[*>]' THEN RETURN 'must not contain the wildcards * and >'; END IF;
    IF subject ~ '^\.|\.$|\.\.' THEN RETURN 'must not have empty tokens: a dot at either end, or two dots in a row'; END IF;
    RETURN NULL;
END;
$$;

CREATE FUNCTION timer_nats_callback_issues(callback JSONB)
RETURNS JSONB LANGUAGE plpgsql IMMUTABLE AS $$
DECLARE
    topic_issue TEXT := timer_subject_issue(callback -> 'topic');
    key_issue TEXT := CASE WHEN COALESCE(callback -> 'key', 'null') <> 'null' THEN timer_subject_issue(callback -> 'key') END;
BEGIN
    IF topic_issue IS NULL AND callback ->> 'topic' LIKE '$%' THEN
        topic_issue := 'must not start with $: these subjects are reserved for the server';
    END IF;
    IF topic_issue IS NULL AND key_issue IS NULL AND length(callback ->> 'topic') + 1 + length(callback ->> 'key') > 1024 THEN
        key_issue := 'the subject must have at most 1024 characters';
    END IF;
    RETURN timer_issue('callback.topic', topic_issue)
        || timer_issue('callback.key', key_issue)
        || timer_headers_issues(callback -> 'headers', '^nats-')
        || timer_json_issues(callback -> 'payload', 'callback.payload', 1048576)
        || timer_issue('callback.jetstream', CASE WHEN jsonb_typeof(callback -> 'jetstream') <> 'boolean' THEN 'must be true or false' END)
        || timer_unknown_fields(callback, '{type,topic,key,headers,payload,jetstream}', 'callback');
END;
$$;

CREATE FUNCTION timer_callback_issues(callback JSONB)
RETURNS JSONB LANGUAGE plpgsql IMMUTABLE AS $$
BEGIN
    IF callback IS NULL THEN RETURN timer_issue('callback', 'is required'); END IF;
    IF jsonb_typeof(callback) <> 'object' THEN RETURN timer_issue('callback', 'must be an object'); END IF;
    CASE WHEN callback -> 'type' = '"http"' THEN RETURN timer_http_callback_issues(callback);
         WHEN callback -> 'type' = '"nats"' THEN RETURN timer_nats_callback_issues(callback);
         ELSE RETURN timer_issue('callback.type', 'must be http or nats');
    END CASE;
END;
$$;

CREATE FUNCTION timer_key_issue(key TEXT)
RETURNS TEXT LANGUAGE sql IMMUTABLE AS $$
    SELECT CASE
        WHEN key = '' OR length(key) > 255 THEN 'must have 1 to 255 characters'
        WHEN key !~ '^[\u0021-\u007e]+$' THEN 'must contain only visible ASCII characters, without spaces'
    END;
$$;

-- They are called by schedule_timer only, as the owner.
REVOKE ALL ON FUNCTION
    timer_issue(TEXT, TEXT),
    timer_path(TEXT, TEXT),
    timer_unknown_fields(JSONB, TEXT[], TEXT),
    timer_integer_issue(JSONB, INTEGER, INTEGER),
    timer_number_issue(TEXT),
    timer_short_number(TEXT),
    timer_compact_bytes(JSONB),
    timer_find_json_issue(JSONB, TEXT),
    timer_json_issues(JSONB, TEXT, INTEGER),
    timer_duration_ms(TEXT),
    timer_duration_issue(JSONB),
    timer_exponential_issues(JSONB, TEXT),
    timer_retry_issues(JSONB),
    timer_header_issue(TEXT, JSONB, TEXT),
    timer_headers_issues(JSONB, TEXT),
    timer_is_ipv4_or_name(TEXT),
    timer_is_ipv6(TEXT),
    timer_url_issue(JSONB),
    timer_http_callback_issues(JSONB),
    timer_subject_issue(JSONB),
    timer_nats_callback_issues(JSONB),
    timer_callback_issues(JSONB),
    timer_key_issue(TEXT)
FROM PUBLIC;
