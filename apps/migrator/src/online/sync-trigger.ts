import { areEncrypted, configOf, newText, oldText } from './callback-shapes.ts';

/**
 * Keeps both shapes of a row in sync, whichever a client writes. Any write to a row that is not filled yet fills it.
 * Rejects what the first service could not deliver.
 *
 * Runs in the sessions of all writers: it uses only pg_catalog, which every search_path contains, and PostgreSQL does not
 * check EXECUTE when a trigger fires.
 */
const CREATE_FUNCTION = `
CREATE FUNCTION timers_online_sync() RETURNS trigger LANGUAGE plpgsql AS $function$
DECLARE
  wrote_old boolean;
  wrote_new boolean;
BEGIN
  IF TG_OP = 'INSERT' THEN
    wrote_old := NEW.callback_url IS NOT NULL;
    wrote_new := NEW.callback_config IS NOT NULL;
  ELSE
    IF current_setting('timers.backfill', true) = 'on' THEN
      NEW.updated_at := OLD.updated_at; -- update_timers_updated_at ran before: triggers fire by name
      RETURN NEW;
    END IF;
    -- *<> compares bytes: it is faster than text, and unlike <> it finds the change from 1.0 to 1.
    wrote_old := ROW(NEW.callback_url, NEW.callback_headers, NEW.callback_payload)::record
      *<> ROW(OLD.callback_url, OLD.callback_headers, OLD.callback_payload)::record;
    wrote_new := ROW(NEW.callback_type, NEW.callback_config)::record *<> ROW(OLD.callback_type, OLD.callback_config)::record;
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
    IF ${areEncrypted("(NEW.callback_config->'headers')")} THEN
      RAISE feature_not_supported USING MESSAGE = 'encrypted headers are not accepted until the contract of the online migration, because old clients cannot decrypt them',
        HINT = 'Put none in front of the keys in HEADER_ENCRYPTION_KEYS of every process that stores timers; after the contract, remove it and run npx nx run migrator:encrypt-headers.';
    END IF;
    IF wrote_old AND ${oldText('NEW')} IS DISTINCT FROM ${newText('NEW')} THEN
      RAISE data_exception USING MESSAGE = 'the old and the new callback columns were written with different callbacks';
    END IF;
    NEW.callback_url := NEW.callback_config->>'url';
    NEW.callback_headers := NULLIF(NEW.callback_config->'headers', 'null');
    NEW.callback_payload := NULLIF(NEW.callback_config->'payload', 'null');
  ELSIF wrote_old THEN
    NEW.callback_config := ${configOf('NEW')};
  END IF;
  IF NEW.callback_url IS NULL THEN
    RAISE not_null_violation USING MESSAGE = 'null value in column "callback_url" of relation "timers" violates not-null constraint',
      COLUMN = 'callback_url', TABLE = 'timers';
  END IF;
  RETURN NEW;
END
$function$`;

const NAME = 'zz_timers_online_sync';

/** zz_: must fire after update_timers_updated_at, because the backfill restores updated_at. */
const CREATE_TRIGGER = `
CREATE TRIGGER ${NAME} BEFORE INSERT OR UPDATE ON timers FOR EACH ROW EXECUTE FUNCTION timers_online_sync()`;

/** The trigger that keeps both shapes in sync between the start and the contract or abort. */
export const SYNC_TRIGGER = {
  name: NAME,
  create: [CREATE_FUNCTION, CREATE_TRIGGER],
  drop: [`DROP TRIGGER IF EXISTS ${NAME} ON timers`, 'DROP FUNCTION IF EXISTS timers_online_sync()'],
} as const;
