-- Online: VALIDATE reads the table under a lock that lets readers and writers through.

ALTER TABLE timers VALIDATE CONSTRAINT callback_type_matches_config;
