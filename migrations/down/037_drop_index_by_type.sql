-- blocking: builds an index under a lock that keeps writers out

CREATE INDEX idx_timers_callback_type ON timers (callback_type, created_at DESC, id DESC);
