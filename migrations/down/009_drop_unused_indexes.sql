-- blocking: builds three indexes under a lock that keeps writers out

CREATE INDEX idx_timers_execute_at_status ON timers(execute_at, status) WHERE status = 'pending';
CREATE INDEX idx_timers_status ON timers(status);
CREATE INDEX idx_timers_callback_type ON timers(callback_type);
