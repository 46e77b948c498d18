-- loses: attempts, retry policies, expiries and who holds which timer, and the record of failed attempts
-- loses: idempotency keys: a create request that is repeated makes a second timer
-- loses: retries in progress: a timer that waits for its next attempt is due at execute_at again

DROP TABLE idempotency_keys;
DROP TABLE timer_attempts;
DROP TABLE dispatchers;

ALTER TABLE timers
    DROP COLUMN attempts,
    DROP COLUMN next_attempt_at,
    DROP COLUMN attempted_at,
    DROP COLUMN claimed_by,
    DROP COLUMN claims,
    DROP COLUMN lost_claims,
    DROP COLUMN attempts_forgiven,
    DROP COLUMN retry,
    DROP COLUMN expires_at;
