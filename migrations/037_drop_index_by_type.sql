-- An index for each callback type replaces the one that begins with it: a delivery writes an entry that is smaller, and is
-- found without comparing text.
--
-- Online: dropping an index takes a short lock.

DROP INDEX idx_timers_callback_type;
