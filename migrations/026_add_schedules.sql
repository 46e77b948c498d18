-- Recurring timers: a schedule says when, and its occurrences are rows of timers.
--
-- Online: new tables, columns without a default and a function; no row is rewritten.

CREATE TABLE schedules (
    id UUID PRIMARY KEY,
    client TEXT COLLATE "C" NOT NULL,
    key TEXT COLLATE "C" NOT NULL,
    revision INTEGER NOT NULL DEFAULT 1,
    fence INTEGER NOT NULL DEFAULT 0,
    recurrence JSONB NOT NULL,
    time_zone TEXT NOT NULL DEFAULT 'UTC',
    start_at TIMESTAMPTZ,
    end_at TIMESTAMPTZ,
    max_occurrences BIGINT,
    jitter_ms BIGINT,
    overlap TEXT NOT NULL DEFAULT 'allow',
    catch_up TEXT NOT NULL DEFAULT 'latest',
    catch_up_window_ms BIGINT NOT NULL DEFAULT 86400000,
    catch_up_spacing_ms BIGINT NOT NULL DEFAULT 100,
    expires_after_ms BIGINT,
    callback_type TEXT NOT NULL DEFAULT 'http',
    callback_config JSONB NOT NULL,
    callback_bytes INTEGER,
    retry JSONB,
    metadata JSONB,
    pause_after_failures INTEGER,
    failures_from TIMESTAMPTZ NOT NULL DEFAULT now(),
    paused_at TIMESTAMPTZ,
    paused_until TIMESTAMPTZ,
    pause_note TEXT,
    pause_reason TEXT,
    resumed_at TIMESTAMPTZ,
    resume_catch_up TEXT,
    cursor_at TIMESTAMPTZ NOT NULL,
    next_at TIMESTAMPTZ,
    buffered_for TIMESTAMPTZ,
    catch_up_until TIMESTAMPTZ,
    skipping_from TIMESTAMPTZ,
    materialize_at TIMESTAMPTZ,
    occurrences BIGINT NOT NULL DEFAULT 0,
    time_zone_data TEXT,
    created_at TIMESTAMPTZ NOT NULL DEFAULT now(),
    updated_at TIMESTAMPTZ NOT NULL DEFAULT now(),
    CONSTRAINT unique_schedule_key UNIQUE (client, key),
    CONSTRAINT valid_overlap CHECK (overlap IN ('allow', 'skip', 'buffer_one', 'cancel_previous')),
    CONSTRAINT valid_catch_up CHECK (catch_up IN ('none', 'latest', 'all')),
    CONSTRAINT valid_resume_catch_up CHECK (resume_catch_up IN ('none', 'latest', 'all')),
    CONSTRAINT valid_pause_reason CHECK (pause_reason IN ('requested', 'failures', 'unreadable')),
    CONSTRAINT paused_with_reason CHECK ((paused_at IS NULL) = (pause_reason IS NULL)),
    CONSTRAINT valid_schedule_callback_type CHECK (callback_type IN ('http', 'nats') AND callback_config ->> 'type' = callback_type),
    -- Occurrences have up to 4 KiB of headers more than their schedule.
    CONSTRAINT callback_size CHECK (callback_bytes <= 3141632)
) WITH (autovacuum_vacuum_threshold = 500, autovacuum_vacuum_scale_factor = 0.02);
CREATE INDEX idx_schedules_materialize_at ON schedules (materialize_at) WHERE materialize_at IS NOT NULL;
CREATE TRIGGER set_schedules_callback_bytes
    BEFORE INSERT OR UPDATE OF callback_config ON schedules
    FOR EACH ROW EXECUTE FUNCTION set_callback_bytes();

COMMENT ON TABLE schedules IS 'Recurring timers. Every dispatcher materializes occurrences, which are rows of timers, shortly before they are due.';
COMMENT ON COLUMN schedules.client IS 'Who stored the schedule: the name of an API key.';
COMMENT ON COLUMN schedules.revision IS 'Grows when the content changes: for If-Match.';
COMMENT ON COLUMN schedules.fence IS 'Grows with every write of the row. A statement that was planned with an older one changes nothing.';
COMMENT ON COLUMN schedules.recurrence IS '{"cron": [...], "exclude": [...]} or {"every_ms": ..., "phase_ms": ..., "exclude": [...]}.';
COMMENT ON COLUMN schedules.callback_config IS 'As in timers. Encrypted headers are bound to the id of the schedule, and encrypted again for each occurrence.';
COMMENT ON COLUMN schedules.failures_from IS 'pause_after_failures counts occurrences with a later nominal instant.';
COMMENT ON COLUMN schedules.resumed_at IS 'A pause ended then: resume_catch_up decides what is missed up to it. NULL: nothing is left to decide.';
COMMENT ON COLUMN schedules.cursor_at IS 'Every occurrence up to this instant is decided: materialized or skipped.';
COMMENT ON COLUMN schedules.next_at IS 'The first occurrence after cursor_at, which is not materialized yet; NULL: there is none.';
COMMENT ON COLUMN schedules.buffered_for IS 'The occurrence that waits for its predecessor to finish (overlap buffer_one).';
COMMENT ON COLUMN schedules.catch_up_until IS 'When the last occurrence of a spaced catch-up is due.';
COMMENT ON COLUMN schedules.skipping_from IS 'Start of the run of skips that the next skip extends; NULL: it begins a new one.';
COMMENT ON COLUMN schedules.materialize_at IS 'When a dispatcher looks at the schedule again; NULL: never, because it is paused or has ended.';
COMMENT ON COLUMN schedules.occurrences IS 'Occurrences so far, without backfills, triggers and those that were withdrawn.';
COMMENT ON COLUMN schedules.time_zone_data IS 'Newest version of the time zone data with which occurrences were computed.';

CREATE TABLE schedule_skips (
    schedule_id UUID NOT NULL REFERENCES schedules (id) ON DELETE CASCADE,
    scheduled_for TIMESTAMPTZ NOT NULL,
    until TIMESTAMPTZ NOT NULL,
    count BIGINT NOT NULL,
    reason TEXT NOT NULL,
    at TIMESTAMPTZ NOT NULL DEFAULT now(),
    PRIMARY KEY (schedule_id, scheduled_for),
    CONSTRAINT valid_skip_reason CHECK (reason IN ('missed', 'outside_catch_up_window', 'overlap', 'paused')),
    CONSTRAINT valid_skip_run CHECK (count > 0 AND until >= scheduled_for)
);
CREATE INDEX idx_schedule_skips_at ON schedule_skips (at);
COMMENT ON TABLE schedule_skips IS 'Occurrences that were not materialized. Adjacent ones with the same reason are one row.';
COMMENT ON COLUMN schedule_skips.scheduled_for IS 'Nominal instant of the first occurrence of the run.';
COMMENT ON COLUMN schedule_skips.until IS 'Nominal instant of the last occurrence of the run.';
COMMENT ON COLUMN schedule_skips.at IS 'When the last occurrence of the run was skipped.';

ALTER TABLE timers
    ADD COLUMN schedule_id UUID,
    ADD COLUMN scheduled_for TIMESTAMPTZ,
    ADD COLUMN origin TEXT,
    ADD COLUMN withdrawn BOOLEAN;
COMMENT ON COLUMN timers.schedule_id IS 'The schedule of which the timer is an occurrence. It may have been deleted.';
COMMENT ON COLUMN timers.scheduled_for IS 'Nominal instant of the occurrence. execute_at is later by jitter, or if it was materialized later.';
COMMENT ON COLUMN timers.origin IS 'Why the occurrence exists: schedule, catch_up, backfill or trigger.';
COMMENT ON COLUMN timers.withdrawn IS 'true: canceled with an edit, a pause or the deletion of its schedule before it was attempted. The schedule may bring it back.';

-- Volatile for a reason: its queries see what committed before the lock of the schedule was granted.
CREATE FUNCTION withdraw_occurrences(schedule UUID, later_than TIMESTAMPTZ)
RETURNS JSONB
LANGUAGE plpgsql VOLATILE SET search_path FROM CURRENT AS $$
DECLARE
    withdrawn_ids UUID[];
    uncounted BIGINT;
    unfinished JSONB;
    unfinished_count BIGINT;
BEGIN
    WITH candidate AS MATERIALIZED (
        SELECT timers.id, timers.claims, COALESCE(timers.next_attempt_at, timers.execute_at) AS due_at
        FROM timers
        WHERE timers.schedule_id = schedule AND timers.status = 'pending'
          AND (later_than IS NULL OR timers.scheduled_for > later_than)
    ), claimed AS MATERIALIZED (
        SELECT claim.id, claim.token
        FROM (SELECT min(due_at) AS due_from, max(due_at) AS due_to FROM candidate) AS bounds,
             claimed_timers(due_from, due_to) AS claim
    ), canceled AS (
        -- Claimed ones are not locked: a lock of several could deadlock with the statement that settles them.
        UPDATE timers SET status = 'canceled', withdrawn = (attempts = 0), updated_at = now()
        WHERE timers.id = ANY (ARRAY(
              SELECT candidate.id FROM candidate
              WHERE (candidate.id, candidate.claims) NOT IN (SELECT claimed.id, claimed.token FROM claimed)))
          AND timers.status || '' = 'pending' AND lock_unclaimed_timer(timers.id)
        RETURNING timers.id, timers.scheduled_for, timers.withdrawn, timers.origin
    )
    SELECT array_agg(canceled.id ORDER BY canceled.scheduled_for, canceled.id),
           count(*) FILTER (WHERE canceled.withdrawn AND canceled.origin IN ('schedule', 'catch_up'))
    INTO withdrawn_ids, uncounted FROM canceled;

    UPDATE schedules SET occurrences = GREATEST(0, occurrences - uncounted)
    WHERE schedules.id = schedule AND uncounted > 0;

    SELECT count(*) INTO unfinished_count
    FROM timers WHERE timers.schedule_id = schedule AND timers.status = 'pending';
    SELECT jsonb_agg(jsonb_build_object('id', occurrence.id, 'status', occurrence.status, 'scheduled_for', occurrence.scheduled_for)
                     ORDER BY occurrence.scheduled_for, occurrence.id)
    INTO unfinished
    FROM (
        SELECT timers.id, state.status, timers.scheduled_for
        FROM timers JOIN timer_states AS state ON state.id = timers.id
        WHERE timers.schedule_id = schedule AND timers.status = 'pending'
        ORDER BY timers.scheduled_for, timers.id LIMIT 1000
    ) AS occurrence;
    RETURN jsonb_build_object(
        'withdrawn', COALESCE(to_jsonb(withdrawn_ids[1:1000]), '[]'),
        'withdrawn_count', COALESCE(cardinality(withdrawn_ids), 0),
        'running', COALESCE(unfinished, '[]'),
        'running_count', unfinished_count);
END;
$$;
COMMENT ON FUNCTION withdraw_occurrences IS 'Cancels the pending, unclaimed occurrences of a schedule whose row the caller has written; later_than: only those with a later nominal instant. Returns {withdrawn: ids, withdrawn_count, running: those that are left, running_count}; the lists have up to 1000 entries.';
