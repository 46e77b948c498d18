-- What several dispatchers on one table need to know: who holds a timer, how often it was tried, when it is next due.
--
-- Online: columns with constant defaults and new tables only; no row is rewritten.

ALTER TABLE timers
    ADD COLUMN attempts INTEGER NOT NULL DEFAULT 0,
    ADD COLUMN next_attempt_at TIMESTAMPTZ,
    ADD COLUMN attempted_at TIMESTAMPTZ,
    ADD COLUMN claimed_by UUID,
    ADD COLUMN claims INTEGER NOT NULL DEFAULT 0,
    ADD COLUMN lost_claims INTEGER NOT NULL DEFAULT 0,
    ADD COLUMN attempts_forgiven INTEGER NOT NULL DEFAULT 0,
    ADD COLUMN retry JSONB,
    ADD COLUMN expires_at TIMESTAMPTZ;

COMMENT ON COLUMN timers.attempts IS 'Attempts that were made and settled. A claim handed back or lost with its dispatcher is not one.';
COMMENT ON COLUMN timers.next_attempt_at IS 'When the timer is due instead of execute_at: after a retry, a hand-back or a request to run now.';
COMMENT ON COLUMN timers.attempted_at IS 'When the last settled attempt started.';
COMMENT ON COLUMN timers.claimed_by IS 'The dispatcher (dispatchers.id) that holds the timer while it is executing.';
COMMENT ON COLUMN timers.claims IS 'Number of claims so far: the fencing token. A settle that names an older number changes nothing.';
COMMENT ON COLUMN timers.lost_claims IS 'Claims whose dispatcher died, in a row. Bounds a timer that keeps killing its dispatcher.';
COMMENT ON COLUMN timers.attempts_forgiven IS 'Attempts that no longer count against the retry policy, since a client asked for a retry after them.';
COMMENT ON COLUMN timers.retry IS 'Retry policy of this timer; NULL: the default policy.';
COMMENT ON COLUMN timers.expires_at IS 'No attempt starts after this instant; the timer fails instead. NULL: never too late.';

CREATE TABLE dispatchers (
    id UUID PRIMARY KEY,
    name TEXT NOT NULL,
    started_at TIMESTAMPTZ NOT NULL DEFAULT clock_timestamp(),
    heartbeat_at TIMESTAMPTZ NOT NULL DEFAULT clock_timestamp()
);
COMMENT ON TABLE dispatchers IS 'Running dispatchers. One whose heartbeat is too old has lost its claims.';

CREATE TABLE timer_attempts (
    timer_id UUID NOT NULL REFERENCES timers(id) ON DELETE CASCADE,
    number INTEGER NOT NULL,
    due_at TIMESTAMPTZ NOT NULL,
    started_at TIMESTAMPTZ NOT NULL,
    finished_at TIMESTAMPTZ NOT NULL,
    status_code INTEGER,
    error TEXT NOT NULL,
    PRIMARY KEY (timer_id, number)
);
COMMENT ON TABLE timer_attempts IS 'Attempts that failed. The attempt that delivered is told by the row in timers: success writes nothing here.';

CREATE TABLE idempotency_keys (
    client TEXT NOT NULL,
    key TEXT NOT NULL,
    request_hash BYTEA NOT NULL,
    timer_ids UUID[] NOT NULL,
    created_at TIMESTAMPTZ NOT NULL DEFAULT clock_timestamp(),
    PRIMARY KEY (client, key)
);
COMMENT ON TABLE idempotency_keys IS 'Idempotency-Key of a create request by client (name of the API key), the SHA-256 of its body and the timers it made: the same pair answers the same timers.';
