-- Lets a timer hold an HTTP or a NATS callback.
--
-- The columns callback_url, callback_headers and callback_payload become
--     callback_type    the discriminator: 'http' or 'nats'
--     callback_config  the whole callback as JSONB, with the same discriminator under "type"
-- Every timer stored so far is an HTTP callback and keeps its URL, headers and payload. Headers or a payload
-- that were SQL NULL become JSON null. updated_at is left as it was: the callback of no timer has changed.
--
-- This file blocks the table while it runs. On a large live table take `migrator:online` instead, which
-- reaches the same schema in steps that let readers and writers through.

ALTER TABLE timers
    ADD COLUMN callback_type VARCHAR(10),
    ADD COLUMN callback_config JSONB;

-- The trigger would stamp every row with the time of the migration.
ALTER TABLE timers DISABLE TRIGGER update_timers_updated_at;

UPDATE timers SET
    callback_type = 'http',
    callback_config = jsonb_build_object(
        'type', 'http',
        'url', callback_url,
        'headers', COALESCE(callback_headers, 'null'::jsonb),
        'payload', COALESCE(callback_payload, 'null'::jsonb)
    );

ALTER TABLE timers ENABLE TRIGGER update_timers_updated_at;

ALTER TABLE timers
    ALTER COLUMN callback_type SET DEFAULT 'http',
    ALTER COLUMN callback_type SET NOT NULL,
    ALTER COLUMN callback_config SET NOT NULL;

ALTER TABLE timers
    ADD CONSTRAINT valid_callback_type CHECK (callback_type IN ('http', 'nats'));

CREATE INDEX idx_timers_callback_type ON timers(callback_type);

ALTER TABLE timers
    DROP COLUMN callback_url,
    DROP COLUMN callback_headers,
    DROP COLUMN callback_payload;

COMMENT ON TABLE timers IS
    'Durable timers: at execute_at the callback in callback_config is delivered by the transport that callback_type names.';
COMMENT ON COLUMN timers.callback_type IS
    'How the callback is delivered: http or nats. Equal to callback_config->>''type''.';
COMMENT ON COLUMN timers.callback_config IS
    'The callback. http: {"type":"http","url":text,"headers":object|null,"payload":any}. nats: {"type":"nats","topic":text,"key":text|null,"headers":object|null,"payload":any}.';
