-- Functions that schedule timers with SQL refuse the destinations that the timer service refuses. It records its rules here.
--
-- Online: two columns of a table with one row, and functions.

ALTER TABLE installation_settings ADD COLUMN egress_policy JSONB, ADD COLUMN nats_max_payload BIGINT;
COMMENT ON TABLE installation_settings IS 'One row with the settings of the timer service that functions in SQL need.';
COMMENT ON COLUMN installation_settings.egress_policy IS 'Which destinations HTTP callbacks may have: ranges of addresses in the order in which they are searched, names, ports. NULL: not known.';
COMMENT ON COLUMN installation_settings.nats_max_payload IS 'The largest message in bytes that the NATS server accepts. NULL: not known.';

-- Digits as in RFC 3492, in Unicode. NULL: malformed.
CREATE FUNCTION timer_decode_punycode(label TEXT)
RETURNS TEXT LANGUAGE plpgsql IMMUTABLE STRICT AS $$
DECLARE
    basic TEXT := COALESCE(substring(label FROM '^(.*)-'), '');
    digits TEXT := lower(regexp_replace(label, '^.*-', '') COLLATE "C");
    output INTEGER[] := ARRAY(SELECT ascii(letter) FROM regexp_split_to_table(NULLIF(basic, ''), '') AS letter);
    code BIGINT := 128;
    i BIGINT := 0;
    bias INTEGER := 72;
    previous BIGINT;
    weight BIGINT;
    digit INTEGER;
    threshold INTEGER;
    delta BIGINT;
    k INTEGER;
    place INTEGER := 1;
    size INTEGER;
BEGIN
    IF digits = '' OR digits !~ '^[a-z0-9]+$' THEN RETURN NULL; END IF;
    WHILE place <= length(digits) LOOP
        previous := i;
        weight := 1;
        k := 36;
        LOOP
            IF place > length(digits) THEN RETURN NULL; END IF;
            digit := strpos('abcdefghijklmnopqrstuvwxyz0123456789', substr(digits, place, 1)) - 1;
            place := place + 1;
            i := i + digit * weight;
            IF i > 2147483647 THEN RETURN NULL; END IF;
            threshold := LEAST(GREATEST(k - bias, 1), 26);
            EXIT WHEN digit < threshold;
            weight := weight * (36 - threshold);
            IF weight > 2147483647 THEN RETURN NULL; END IF;
            k := k + 36;
        END LOOP;
        size := cardinality(output) + 1;
        delta := (i - previous) / CASE WHEN previous = 0 THEN 700 ELSE 2 END;
        delta := delta + delta / size;
        bias := 0;
        WHILE delta > 455 LOOP
            delta := delta / 35;
            bias := bias + 36;
        END LOOP;
        bias := bias + 36 * delta / (delta + 38);
        code := code + i / size;
        i := i % size;
        IF code > 1114111 OR code BETWEEN 55296 AND 57343 THEN RETURN NULL; END IF;
        output := output[:i] || code::integer || output[i + 1:];
        i := i + 1;
    END LOOP;
    RETURN (SELECT string_agg(chr(letter), '' ORDER BY ordinality) FROM unnest(output) WITH ORDINALITY AS letters (letter));
END;
$$;

-- Whether a label in lower case that starts with xn-- is what an international name becomes. Refuses joiners, and accepts
-- letters that are not assigned and some that break the rules for writing from right to left.
CREATE FUNCTION timer_is_punycode(label TEXT)
RETURNS BOOLEAN LANGUAGE plpgsql IMMUTABLE STRICT AS $$
DECLARE
    name TEXT;
BEGIN
    -- chr() and normalize() know Unicode only there. DNS allows 63 characters.
    IF getdatabaseencoding() <> 'UTF8' OR length(label) > 255 THEN RETURN FALSE; END IF;
    name := timer_decode_punycode(substr(label, 5));
    RETURN name IS NOT NULL AND name = normalize(name, NFKC) AND name = lower(name)
        AND name !~ '^[\u0300-\u036f]|[\u0080-\u009f\u00ad\u00c0-\u00d6\u00d8-\u00de\u0391-\u03ab\u0400-\u042f\u200b-\u200f\u2028-\u202e\u2060-\u206f\ue000-\uf8ff\ufe00-\ufe0f\ufeff\ufff9-\uffff\U000e0000-\U0010ffff]'
        AND NOT (name ~ '[\u0590-\u08ff\ufb1d-\ufdff\ufe70-\ufefc]' AND name ~ '[a-z\u00df-\u058f\u0900-\u1fff]');
END;
$$;

-- Accepts no URL that the API refuses, except some malformed Punycode, which fails at delivery. Refuses host names with
-- percent-encoding or beyond ASCII, which the API accepts.
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
        RETURN 'must have a host name in ASCII without percent-encoding: write an international name as xn--…, or create the timer with the API';
    END IF;
    IF parts[1] ~ '[][<>^|]' OR NOT timer_is_ipv4_or_name(parts[1]) THEN
        RETURN 'must be an absolute URL';
    END IF;
    IF parts[1] ~* '(^|\.)xn--' AND EXISTS (
        SELECT FROM string_to_table(lower(parts[1] COLLATE "C"), '.') AS label
        WHERE label LIKE 'xn--%' AND NOT timer_is_punycode(label)
    ) THEN
        RETURN 'must be an absolute URL: a part of the host name starts with xn-- and is not the Punycode of a name; if it is, create the timer with the API';
    END IF;
    RETURN NULL;
END;
$$;

-- The address that a host of a valid URL is, in any spelling of the URL standard. NULL: a name.
CREATE FUNCTION timer_host_address(host TEXT)
RETURNS INET LANGUAGE plpgsql IMMUTABLE STRICT AS $$
DECLARE
    labels TEXT[] := string_to_array(regexp_replace(host, '\.$', ''), '.');
    label TEXT;
    number BIGINT;
    total BIGINT := 0;
    place INTEGER := 0;
BEGIN
    IF host ~ '^\[' THEN
        -- The kernel connects to the IPv4 address in ::ffff:0:0/96.
        RETURN CASE WHEN btrim(host, '[]')::inet <<= '::ffff:0:0/96' THEN '0.0.0.0'::inet + (btrim(host, '[]')::inet - '::ffff:0:0'::inet)
               ELSE btrim(host, '[]')::inet END;
    END IF;
    IF COALESCE(labels[cardinality(labels)], '') !~* '^([0-9]+|0x[0-9a-f]*)$' THEN RETURN NULL; END IF;
    FOREACH label IN ARRAY labels LOOP
        place := place + 1;
        IF label ~* '^0x' THEN
            number := ('x' || lpad(substr(label, 3), 16, '0'))::bit(64)::bigint;
        ELSIF label ~ '^0.' THEN
            number := 0;
            FOR i IN 1..length(label) LOOP
                number := number * 8 + substr(label, i, 1)::integer;
            END LOOP;
        ELSE
            number := label::bigint;
        END IF;
        -- The last number has the bytes that remain.
        total := total + number * CASE WHEN place < cardinality(labels) THEN (256 ^ (4 - place))::bigint ELSE 1 END;
    END LOOP;
    RETURN '0.0.0.0'::inet + total;
END;
$$;

-- The IPv4 address behind the NAT64 prefix, NULL for an address of another range.
CREATE FUNCTION timer_translated_address(address INET)
RETURNS INET LANGUAGE sql IMMUTABLE AS $$
    SELECT CASE WHEN address <<= '64:ff9b::/96' THEN '0.0.0.0'::inet + (address - '64:ff9b::'::inet) END;
$$;

-- public, loopback, metadata, translated or internal.
CREATE FUNCTION timer_address_class(policy JSONB, address INET)
RETURNS TEXT LANGUAGE plpgsql IMMUTABLE AS $$
DECLARE
    class TEXT;
BEGIN
    SELECT item ->> 1 INTO class FROM jsonb_array_elements(policy -> 'ranges') WITH ORDINALITY AS range (item, place)
    WHERE address <<= (item ->> 0)::inet ORDER BY place LIMIT 1;
    IF class = 'translated' AND timer_address_class(policy, timer_translated_address(address)) = 'metadata' THEN
        RETURN 'metadata';
    END IF;
    RETURN COALESCE(class, 'internal');
END;
$$;

-- Whether the operator has listed a host or an address. With needs_port only together with the port.
CREATE FUNCTION timer_is_listed(policy JSONB, host TEXT, address INET, port INTEGER, needs_port BOOLEAN)
RETURNS BOOLEAN LANGUAGE sql IMMUTABLE AS $$
    SELECT EXISTS (
        SELECT FROM jsonb_to_recordset(policy -> 'allowed') AS item (host TEXT, range INET, port INTEGER)
        WHERE COALESCE(item.port = $4, NOT $5) AND (item.host = $2 OR $3 <<= item.range));
$$;

CREATE FUNCTION timer_is_address_allowed(policy JSONB, host TEXT, address INET, port INTEGER)
RETURNS BOOLEAN LANGUAGE plpgsql IMMUTABLE AS $$
DECLARE
    class TEXT := timer_address_class(policy, address);
BEGIN
    IF class = 'metadata' THEN RETURN FALSE; END IF;
    IF class = 'public' OR (class = 'loopback' AND (policy -> 'allow_loopback')::boolean) THEN RETURN TRUE; END IF;
    IF NOT timer_is_listed(policy, host, address, port, FALSE) THEN RETURN FALSE; END IF;
    -- A listed NAT64 prefix allows the public addresses behind it, not the private ones.
    RETURN class <> 'translated' OR timer_is_address_allowed(policy, host, timer_translated_address(address), port);
END;
$$;

-- Why the timer service would not deliver to a valid URL. What a name resolves to is checked at delivery.
CREATE FUNCTION timer_egress_issue(policy JSONB, url TEXT)
RETURNS TEXT LANGUAGE plpgsql IMMUTABLE AS $$
DECLARE
    authority TEXT := lower(substring(url FROM '://([^/?#]*)') COLLATE "C");
    spelled TEXT := substring(authority FROM '^(\[.*\]|[^:]*)');
    host TEXT := regexp_replace(spelled, '\.$', '');
    digits TEXT := substring(authority FROM ':([0-9]+)$');
    port INTEGER := CASE WHEN digits IS NOT NULL THEN COALESCE(NULLIF(ltrim(digits, '0'), ''), '0')::integer
        WHEN url ~* '^https:' THEN 443 ELSE 80 END;
    address INET := timer_host_address(spelled);
    class TEXT;
BEGIN
    IF address IS NOT NULL THEN
        IF NOT timer_is_address_allowed(policy, host, address, port) THEN class := timer_address_class(policy, address); END IF;
    ELSIF timer_is_listed(policy, host, NULL, port, FALSE) THEN
        NULL;
    ELSIF policy -> 'metadata_names' ? host THEN
        class := 'metadata';
    ELSIF host ~ (policy ->> 'loopback_names') AND NOT timer_is_address_allowed(policy, '127.0.0.1', '127.0.0.1', port)
        AND NOT timer_is_address_allowed(policy, '::1', '::1', port) THEN
        class := 'loopback';
    END IF;
    IF class = 'metadata' THEN RETURN 'must not point to a cloud metadata service, which is never allowed'; END IF;
    IF class IS NOT NULL THEN
        RETURN format('must not point to %s; the operator can allow it with ALLOWED_DESTINATIONS', CASE class
            WHEN 'loopback' THEN 'a loopback address' WHEN 'translated' THEN 'an address behind NAT64'
            ELSE 'an address that is not public' END);
    END IF;
    IF policy -> 'denied_ports' @> to_jsonb(port) AND NOT timer_is_listed(policy, host, address, port, TRUE) THEN
        RETURN format('must not use port %s, one of DENIED_PORTS; the operator can allow it with ALLOWED_DESTINATIONS=host:port', port);
    END IF;
    RETURN NULL;
END;
$$;

-- The callback without the header that carries the name of a typed callback, which is no secret.
CREATE FUNCTION timer_without_callback_name(headers JSONB)
RETURNS JSONB LANGUAGE sql IMMUTABLE AS $$
    SELECT CASE WHEN headers ->> 'timer-callback' ~ '^[A-Za-z0-9][A-Za-z0-9._:/-]{0,127}$' THEN headers - 'timer-callback' ELSE headers END;
$$;

-- What only the settings of the timer service decide. Without them nothing is known, and headers are refused.
CREATE OR REPLACE FUNCTION timer_installation_issues(callback JSONB)
RETURNS JSONB LANGUAGE plpgsql STABLE AS $$
DECLARE
    settings RECORD;
    issue TEXT;
BEGIN
    SELECT * INTO settings FROM installation_settings;
    IF callback ->> 'type' = 'nats' THEN
        issue := CASE
            WHEN NOT settings.delivers_nats THEN 'NATS is not configured in the timer service: set NATS_URL or NATS_HOST'
            WHEN octet_length(NULLIF(callback -> 'payload', 'null')::text) > settings.nats_max_payload THEN
                format('the payload is larger than the NATS server accepts: %s bytes (its setting max_payload)', settings.nats_max_payload) END;
        IF issue IS NOT NULL THEN RETURN timer_issue('callback.type', issue); END IF;
    ELSIF settings.egress_policy IS NOT NULL THEN
        issue := timer_egress_issue(settings.egress_policy, callback ->> 'url');
        IF issue IS NOT NULL THEN RETURN timer_issue('callback.url', issue); END IF;
    END IF;
    IF jsonb_typeof(callback -> 'headers') = 'object' AND timer_without_callback_name(callback -> 'headers') <> '{}'
        AND COALESCE(settings.encrypts_headers, TRUE) THEN
        RETURN timer_issue('callback.headers', CASE WHEN settings.encrypts_headers
            THEN 'must have no header but timer-callback: headers are stored encrypted, which only the timer service can do; create the timer with the API'
            ELSE 'must have no header but timer-callback until a timer service of this version has started: it is not known whether headers must be encrypted' END);
    END IF;
    RETURN '[]';
END;
$$;

-- They are called by schedule_timer only, as the owner.
REVOKE ALL ON FUNCTION
    timer_decode_punycode(TEXT),
    timer_is_punycode(TEXT),
    timer_host_address(TEXT),
    timer_translated_address(INET),
    timer_address_class(JSONB, INET),
    timer_is_listed(JSONB, TEXT, INET, INTEGER, BOOLEAN),
    timer_is_address_allowed(JSONB, TEXT, INET, INTEGER),
    timer_egress_issue(JSONB, TEXT),
    timer_without_callback_name(JSONB)
FROM PUBLIC;
