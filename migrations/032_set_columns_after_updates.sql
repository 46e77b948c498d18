-- A BEFORE UPDATE trigger for each row, whatever its WHEN says, makes PostgreSQL lock every row that is updated and write
-- the lock to the WAL: 54 bytes of each delivery, for columns that the statements of the service set themselves. These
-- triggers run after updates, and write a row once more if its update was made by somebody who leaves them to the trigger.
--
-- Whoever updates timers by SQL still finds both columns as before when the statement has ended, but its RETURNING shows
-- their old values.
--
-- Online: triggers are replaced under a short lock.

-- With the privileges of its owner: who updates a timer may have no privilege on these columns.
CREATE OR REPLACE FUNCTION update_updated_at_column()
RETURNS TRIGGER
LANGUAGE plpgsql SECURITY DEFINER SET search_path FROM CURRENT AS $$
BEGIN
    UPDATE timers SET updated_at = now() WHERE id = NEW.id AND updated_at <> now();
    RETURN NULL;
END;
$$;
DROP TRIGGER update_timers_updated_at ON timers;
-- timers.keep_updated_at: set by the migrator where it rewrites rows that do not change for their owners.
CREATE TRIGGER update_timers_updated_at
    AFTER UPDATE ON timers
    FOR EACH ROW WHEN (
        NEW.updated_at IS NOT DISTINCT FROM OLD.updated_at
        AND NEW.updated_at <> now()
        AND current_setting('timers.keep_updated_at', true) IS DISTINCT FROM 'on'
    )
    EXECUTE FUNCTION update_updated_at_column();

CREATE FUNCTION update_callback_bytes()
RETURNS TRIGGER
LANGUAGE plpgsql SECURITY DEFINER SET search_path FROM CURRENT AS $$
DECLARE
    bytes INTEGER := octet_length(NEW.callback_config::text);
BEGIN
    IF bytes > 3145728 THEN
        RAISE EXCEPTION 'callback_config has % bytes as PostgreSQL prints it; at most 3145728 are allowed', bytes
            USING ERRCODE = 'check_violation', CONSTRAINT = 'callback_size', TABLE = TG_TABLE_NAME;
    END IF;
    UPDATE timers SET callback_bytes = bytes WHERE id = NEW.id AND callback_bytes IS DISTINCT FROM bytes;
    RETURN NULL;
END;
$$;
DROP TRIGGER set_timers_callback_bytes ON timers;
CREATE TRIGGER set_timers_callback_bytes
    BEFORE INSERT ON timers
    FOR EACH ROW EXECUTE FUNCTION set_callback_bytes();
CREATE TRIGGER update_timers_callback_bytes
    AFTER UPDATE OF callback_config ON timers
    FOR EACH ROW WHEN (NEW.callback_config IS DISTINCT FROM OLD.callback_config)
    EXECUTE FUNCTION update_callback_bytes();
