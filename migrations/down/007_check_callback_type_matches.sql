ALTER TABLE timers DROP CONSTRAINT callback_type_matches_config;
