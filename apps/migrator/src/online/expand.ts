import { queryRow } from '@timer-platform/migrations';
import { z } from 'zod';
import { inShortTransaction, type OnlineContext } from './online-context.ts';

/** Converts an old row to the new shape, with the expression of 002. */
const CREATE_CONVERSION = `
CREATE FUNCTION timers_online_config(url text, headers jsonb, payload jsonb) RETURNS jsonb LANGUAGE sql IMMUTABLE AS $function$
  SELECT jsonb_build_object('type', 'http', 'url', url,
                            'headers', COALESCE(headers, 'null'::jsonb), 'payload', COALESCE(payload, 'null'::jsonb))
$function$`;

/**
 * Keeps both shapes of a row in sync, whichever a client writes. Any write to a row that is not filled yet fills it.
 * Rejects NATS timers, because old clients could not deliver them.
 */
const CREATE_SYNC = `
CREATE FUNCTION timers_online_sync() RETURNS trigger LANGUAGE plpgsql AS $function$
DECLARE
  wrote_old boolean;
  wrote_new boolean;
BEGIN
  IF TG_OP = 'INSERT' THEN
    wrote_old := NEW.callback_url IS NOT NULL;
    wrote_new := NEW.callback_config IS NOT NULL;
    IF NOT wrote_old AND NOT wrote_new THEN
      RAISE not_null_violation USING MESSAGE = 'a timer needs callback_url or callback_config', COLUMN = 'callback_url', TABLE = 'timers';
    END IF;
  ELSE
    IF current_setting('timers.backfill', true) = 'on' THEN
      NEW.updated_at := OLD.updated_at; -- update_timers_updated_at ran before: triggers fire by name
      RETURN NEW;
    END IF;
    wrote_old := (NEW.callback_url, NEW.callback_headers, NEW.callback_payload)
      IS DISTINCT FROM (OLD.callback_url, OLD.callback_headers, OLD.callback_payload);
    wrote_new := (NEW.callback_type, NEW.callback_config) IS DISTINCT FROM (OLD.callback_type, OLD.callback_config);
    IF NOT wrote_new AND NEW.callback_config IS NULL THEN
      wrote_old := true;
    END IF;
  END IF;
  IF NEW.callback_type IS DISTINCT FROM 'http' OR NEW.callback_config->>'type' IS DISTINCT FROM 'http' AND NEW.callback_config IS NOT NULL THEN
    RAISE feature_not_supported USING MESSAGE = 'only http timers are accepted until the contract of the online migration, because old clients cannot deliver others';
  END IF;
  IF wrote_new THEN
    IF NEW.callback_config->>'url' IS NULL THEN
      RAISE not_null_violation USING MESSAGE = 'an http callback_config needs a url', COLUMN = 'callback_config', TABLE = 'timers';
    END IF;
    IF wrote_old AND (NEW.callback_url, COALESCE(NEW.callback_headers, 'null'), COALESCE(NEW.callback_payload, 'null')) IS DISTINCT FROM
      (NEW.callback_config->>'url', COALESCE(NEW.callback_config->'headers', 'null'), COALESCE(NEW.callback_config->'payload', 'null'))
    THEN
      RAISE data_exception USING MESSAGE = 'the old and the new callback columns were written with different callbacks';
    END IF;
    NEW.callback_url := NEW.callback_config->>'url';
    NEW.callback_headers := NULLIF(NEW.callback_config->'headers', 'null');
    NEW.callback_payload := NULLIF(NEW.callback_config->'payload', 'null');
  ELSIF wrote_old THEN
    NEW.callback_config := timers_online_config(NEW.callback_url, NEW.callback_headers, NEW.callback_payload);
  END IF;
  RETURN NEW;
END
$function$`;

/** A constant default does not rewrite existing rows. */
const ADD_COLUMNS = `
ALTER TABLE timers
  ADD COLUMN callback_type VARCHAR(10) NOT NULL DEFAULT 'http',
  ADD COLUMN callback_config JSONB,
  ALTER COLUMN callback_url DROP NOT NULL`;

/** zz_: must fire after update_timers_updated_at, because the backfill restores updated_at. */
const CREATE_TRIGGER = `
CREATE TRIGGER zz_timers_online_sync BEFORE INSERT OR UPDATE ON timers FOR EACH ROW EXECUTE FUNCTION timers_online_sync()`;

const BEGIN_STATE = `
INSERT INTO _online_migrations (version, phase, rows_total) VALUES ($1, 'backfill', $2)
ON CONFLICT (version) DO UPDATE SET phase = 'backfill', paused = FALSE, cursor = DEFAULT, rows_done = 0, batches = 0,
  rows_total = EXCLUDED.rows_total, started_at = DEFAULT, updated_at = DEFAULT, evidence = NULL, verified_at = NULL`;

/** For the progress display only; exact if the table was never analyzed. */
const ESTIMATE_ROWS = `
SELECT CASE WHEN reltuples >= 0 THEN reltuples::bigint ELSE (SELECT count(*) FROM timers) END AS rows
FROM pg_class WHERE oid = 'timers'::regclass`;

/** Phase 1: adds the new columns and the trigger that lets old and new clients write. One short transaction. */
export async function expand(context: OnlineContext): Promise<void> {
  const { client } = context.session;
  const { rows } = await queryRow(client, z.object({ rows: z.coerce.number() }), ESTIMATE_ROWS);
  await inShortTransaction(context, 'expand', async () => {
    // First, so that no work is lost if the lock is not granted.
    await client.query('LOCK TABLE timers IN ACCESS EXCLUSIVE MODE');
    await client.query(CREATE_CONVERSION);
    await client.query(CREATE_SYNC);
    await client.query(ADD_COLUMNS);
    await client.query(CREATE_TRIGGER);
    await client.query(BEGIN_STATE, [context.file.version.toString(), rows]);
  });
}
