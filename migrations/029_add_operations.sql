-- What operators see and change: settings of destinations, reports of dispatchers, sessions of the console, and a record of
-- their actions.
--
-- Online: new tables, a column without a default and a function; no row is rewritten.

CREATE TABLE destination_settings (
    destination TEXT COLLATE "C" PRIMARY KEY,
    paused_at TIMESTAMPTZ,
    pause_note TEXT,
    rate_per_second DOUBLE PRECISION,
    max_in_flight INTEGER,
    updated_at TIMESTAMPTZ NOT NULL DEFAULT now(),
    updated_by TEXT NOT NULL,
    CONSTRAINT valid_rate CHECK (rate_per_second > 0 AND rate_per_second < 'Infinity'),
    CONSTRAINT valid_max_in_flight CHECK (max_in_flight > 0)
);
COMMENT ON TABLE destination_settings IS 'Limits and pauses of destinations, which every dispatcher follows. A destination without a row has none.';
COMMENT ON COLUMN destination_settings.destination IS 'As timer_destination names it: scheme://host:port, or nats: and a subject.';
COMMENT ON COLUMN destination_settings.paused_at IS 'No attempt starts from then on; its timers wait. NULL: not paused.';
COMMENT ON COLUMN destination_settings.rate_per_second IS 'Attempts that may start per second, by all dispatchers together. NULL: no limit.';
COMMENT ON COLUMN destination_settings.max_in_flight IS 'Attempts that may be under way, by all dispatchers together. NULL: no limit.';
COMMENT ON COLUMN destination_settings.updated_by IS 'The name of an API key.';

ALTER TABLE timers ADD COLUMN paused_for TEXT COLLATE "C";
COMMENT ON COLUMN timers.paused_for IS 'The paused destination for which the timer waits, if next_attempt_at is infinity; due_since is then when it was due.';

-- One expression, which is inlined. The first branch is the URL of nearly every callback; the others are spelled in one of
-- the ways that URL parsers accept. A host keeps its spelling but for upper case and a dot at the end: this is not the place
-- for IDNA. transports/destination-name.ts has the same rules.
CREATE FUNCTION timer_destination(callback JSONB) RETURNS TEXT
LANGUAGE SQL IMMUTABLE
AS $function$
    SELECT CASE
        WHEN callback ->> 'type' = 'nats' THEN left('nats:' || (callback ->> 'topic'), 500)
        WHEN callback ->> 'url' ~ '^https?://([a-z0-9_-]{1,63}\.){0,4}[a-z0-9_-]{1,63}(/|$)' THEN
            substring(callback ->> 'url' FROM '^https?://[a-z0-9_.-]*')
        ELSE left(regexp_replace(regexp_replace(regexp_replace(regexp_replace(
            lower(substring(translate(callback ->> 'url', E'\t\n\r', '')
                FROM '^[\u0001-\u0020]*([hH][tT][tT][pP][sS]?:[/\\]*[^/\\?#]*)') COLLATE "C"),
            '^(https?):[/\\]*(.*@)?', '\1://'),
            ':0*([0-9]+)[\u0001-\u0020]*$', ':\1'),
            '\.?(:[0-9]+)?:?[\u0001-\u0020]*$', '\1'),
            '^(http://.*):80$|^(https://.*):443$', '\1\2'), 500)
        END;
$function$;
COMMENT ON FUNCTION timer_destination(JSONB) IS 'The destination of a callback: scheme, host and port of its URL, or nats: and its topic. NULL: it has none.';

CREATE TABLE dispatcher_reports (
    dispatcher UUID PRIMARY KEY REFERENCES dispatchers (id) ON DELETE CASCADE,
    reported_at TIMESTAMPTZ NOT NULL DEFAULT clock_timestamp(),
    report JSONB NOT NULL
);
COMMENT ON TABLE dispatcher_reports IS 'What each dispatcher does now: its load, its destinations, a sample of finished timers.';

CREATE TABLE dispatch_minutes (
    minute TIMESTAMPTZ NOT NULL,
    dispatcher UUID NOT NULL,
    delivered BIGINT NOT NULL,
    retried BIGINT NOT NULL,
    failed BIGINT NOT NULL,
    deferred BIGINT NOT NULL,
    lateness INTEGER[] NOT NULL,
    PRIMARY KEY (minute, dispatcher)
);
COMMENT ON TABLE dispatch_minutes IS 'What each dispatcher did in each minute of the last day.';
COMMENT ON COLUMN dispatch_minutes.retried IS 'Attempts that failed and are retried.';
COMMENT ON COLUMN dispatch_minutes.lateness IS 'Attempts by lateness: a histogram with buckets that grow geometrically.';

CREATE TABLE console_sessions (
    token_sha256 BYTEA PRIMARY KEY,
    key_name TEXT NOT NULL,
    key_check BYTEA NOT NULL,
    created_at TIMESTAMPTZ NOT NULL DEFAULT now(),
    expires_at TIMESTAMPTZ NOT NULL
);
CREATE INDEX idx_console_sessions_expires_at ON console_sessions (expires_at);
COMMENT ON TABLE console_sessions IS 'Browsers that are logged in to the console with an API key.';
COMMENT ON COLUMN console_sessions.key_check IS 'Derived from the API key: the session ends when the key is removed or replaced.';

CREATE TABLE operator_actions (
    id UUID PRIMARY KEY,
    at TIMESTAMPTZ NOT NULL DEFAULT clock_timestamp(),
    client TEXT NOT NULL,
    action TEXT NOT NULL,
    target TEXT,
    request JSONB,
    affected BIGINT NOT NULL,
    undo_of UUID,
    undone_at TIMESTAMPTZ
);
CREATE INDEX idx_operator_actions_at ON operator_actions (at, id);
COMMENT ON TABLE operator_actions IS 'Who changed what: bulk changes, settings of destinations, and what was done in the console.';
COMMENT ON COLUMN operator_actions.client IS 'The name of an API key.';
COMMENT ON COLUMN operator_actions.target IS 'A timer, a schedule or a destination. NULL: the timers that match the request.';
COMMENT ON COLUMN operator_actions.undo_of IS 'The action that this one has undone.';

CREATE TABLE operator_action_timers (
    action_id UUID NOT NULL REFERENCES operator_actions (id) ON DELETE CASCADE,
    timer_id UUID NOT NULL,
    revision INTEGER NOT NULL,
    execute_at TIMESTAMPTZ NOT NULL,
    next_attempt_at TIMESTAMPTZ,
    due_since TIMESTAMPTZ,
    changed_at TIMESTAMPTZ NOT NULL,
    PRIMARY KEY (action_id, timer_id)
);
COMMENT ON TABLE operator_action_timers IS 'The timers of a bulk change as they were before, so that it can be undone.';
COMMENT ON COLUMN operator_action_timers.changed_at IS 'The updated_at that the change gave the timer: one with another was changed since and is left alone.';
