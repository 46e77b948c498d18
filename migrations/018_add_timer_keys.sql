-- Lets a client give a timer a key of its own, such as order-42, and find, replace and cancel the timer by it.
--
-- Online: columns without a default only; no row is rewritten.

ALTER TABLE timers
    ADD COLUMN client TEXT,
    ADD COLUMN key TEXT;

COMMENT ON COLUMN timers.client IS 'Who stored the timer: the name of an API key, or sql: and a database role. Set for timers that have a key or were stored by schedule_timer.';
COMMENT ON COLUMN timers.key IS 'The client''s own key of the timer, unique per client among pending timers. NULL: none.';
