-- What the functions that schedule timers with SQL must know of the timer service, which records it when it starts.
--
-- Online: a new table only.

CREATE TABLE installation_settings (
    only_row BOOLEAN PRIMARY KEY DEFAULT TRUE,
    encrypts_headers BOOLEAN NOT NULL,
    delivers_nats BOOLEAN NOT NULL,
    CONSTRAINT only_one_row CHECK (only_row)
);
COMMENT ON TABLE installation_settings IS 'One row with settings of the timer service that started last.';
COMMENT ON COLUMN installation_settings.encrypts_headers IS 'Whether headers are stored encrypted (HEADER_ENCRYPTION_KEYS). Only the service has the keys.';
COMMENT ON COLUMN installation_settings.delivers_nats IS 'Whether NATS is configured.';
