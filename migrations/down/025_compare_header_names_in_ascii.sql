CREATE OR REPLACE FUNCTION timer_header_issue(name TEXT, value JSONB, reserved TEXT)
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

CREATE OR REPLACE FUNCTION timer_headers_issues(headers JSONB, reserved TEXT)
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
