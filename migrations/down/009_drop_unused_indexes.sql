-- blocking: builds two indexes under a lock that keeps writers out

CREATE INDEX idx_timers_execute_at_status ON timers(execute_at, status) WHERE status = 'pending';
CREATE INDEX idx_timers_status ON timers(status);

DROP TRIGGER update_timers_updated_at ON timers;
CREATE TRIGGER update_timers_updated_at
    BEFORE UPDATE ON timers
    FOR EACH ROW
    EXECUTE FUNCTION update_updated_at_column();
