-- Every index is written with every row version. Lists and pruning use idx_timers_callback_type, one range of it for each
-- callback type, in place of these two.
--
-- Online: dropping an index takes a short lock.

DROP INDEX idx_timers_created_at;
DROP INDEX idx_timers_nats;
