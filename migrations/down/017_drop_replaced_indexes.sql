-- blocking: builds two indexes under a lock that keeps writers out

CREATE INDEX idx_timers_created_at ON timers (created_at DESC);
CREATE INDEX idx_timers_nats ON timers (created_at DESC) WHERE callback_type = 'nats';
