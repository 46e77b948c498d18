DROP TRIGGER update_timers_callback_bytes ON timers;
DROP FUNCTION update_callback_bytes();
DROP TRIGGER set_timers_callback_bytes ON timers;
CREATE TRIGGER set_timers_callback_bytes
    BEFORE INSERT OR UPDATE OF callback_config ON timers
    FOR EACH ROW EXECUTE FUNCTION set_callback_bytes();

DROP TRIGGER update_timers_updated_at ON timers;
DROP FUNCTION update_updated_at_column();
CREATE FUNCTION update_updated_at_column()
RETURNS TRIGGER
LANGUAGE plpgsql AS $$
BEGIN
    NEW.updated_at = NOW();
    RETURN NEW;
END;
$$;
CREATE TRIGGER update_timers_updated_at
    BEFORE UPDATE ON timers
    FOR EACH ROW WHEN (NEW.updated_at IS NOT DISTINCT FROM OLD.updated_at)
    EXECUTE FUNCTION update_updated_at_column();
