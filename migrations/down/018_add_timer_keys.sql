-- loses: the keys of timers, and which client stored them

ALTER TABLE timers
    DROP COLUMN client,
    DROP COLUMN key;
