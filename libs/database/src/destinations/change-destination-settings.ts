import { LIMITS } from '@timer-platform/callback-types';
import { type Database, type Statement, statement } from '../connect.ts';
import { newTimerId } from '../timers/new-timer-id.ts';

/** A change of the settings of one destination. An absent field keeps its value; null removes a limit. */
export type DestinationChange =
  | { readonly kind: 'pause'; readonly note: string | null }
  | { readonly kind: 'resume' }
  | {
      readonly kind: 'limit';
      readonly ratePerSecond?: number | null | undefined;
      readonly maxInFlight?: number | null | undefined;
    };

/** Who changes it, and the body of the request for the audit log. */
export interface ChangedBy {
  readonly client: string;
  readonly request: object;
}

/**
 * The parameters of every change: $1 the destination, $2 the client, $3 the id of the action, $4 its name, $5 the request.
 * A row that says nothing any more is deleted. One statement: the action is recorded exactly when the change is made.
 */
const change = (name: string, values: string, assignments: string): Statement =>
  statement(
    name,
    `WITH new (destination, updated_by, paused_at, pause_note, rate_per_second, max_in_flight) AS (${values}),
     changed AS (
       INSERT INTO destination_settings AS settings (destination, updated_by, paused_at, pause_note, rate_per_second, max_in_flight)
       SELECT * FROM new
       WHERE EXISTS (SELECT FROM destination_settings AS known WHERE known.destination = $1)
         OR (SELECT count(*) FROM destination_settings) < ${LIMITS.destinationSettings}
       ON CONFLICT (destination) DO UPDATE SET updated_at = now(), updated_by = EXCLUDED.updated_by, ${assignments}
       RETURNING destination
     ), recorded AS (
       INSERT INTO operator_actions (id, client, action, target, request, affected)
       SELECT $3::uuid, $2, $4, $1, $5::jsonb, 1 FROM changed
     )
     SELECT FROM changed`,
  );

const PAUSE = change(
  'pause-destination',
  `VALUES ($1::text, $2::text, now(), $6::text, NULL::double precision, NULL::integer)`,
  'paused_at = COALESCE(settings.paused_at, EXCLUDED.paused_at), pause_note = EXCLUDED.pause_note',
);

const LIMIT = change(
  'limit-destination',
  `SELECT $1::text, $2::text, NULL::timestamptz, NULL::text, CASE WHEN $6 THEN $7::double precision END,
     CASE WHEN $8 THEN $9::integer END`,
  `rate_per_second = CASE WHEN $6 THEN EXCLUDED.rate_per_second ELSE settings.rate_per_second END,
   max_in_flight = CASE WHEN $8 THEN EXCLUDED.max_in_flight ELSE settings.max_in_flight END`,
);

const RESUME = statement(
  'resume-destination',
  `WITH changed AS (
     UPDATE destination_settings SET updated_at = now(), updated_by = $2, paused_at = NULL, pause_note = NULL
     WHERE destination = $1 AND paused_at IS NOT NULL
     RETURNING destination
   ), recorded AS (
     INSERT INTO operator_actions (id, client, action, target, request, affected)
     SELECT $3::uuid, $2, $4, $1, $5::jsonb, 1 FROM changed
   )
   SELECT FROM changed`,
);

const REMOVE_EMPTY = statement(
  'remove-empty-destination-settings',
  `DELETE FROM destination_settings
   WHERE destination = $1 AND paused_at IS NULL AND rate_per_second IS NULL AND max_in_flight IS NULL`,
);

async function apply(
  db: Database,
  destination: string,
  by: ChangedBy,
  wanted: DestinationChange,
): Promise<boolean> {
  const values = [
    destination,
    by.client,
    newTimerId(),
    `${wanted.kind}_destination`,
    JSON.stringify(by.request),
  ];
  switch (wanted.kind) {
    case 'pause':
      return (await db.count(PAUSE, [...values, wanted.note])) > 0;
    case 'resume':
      await db.rows(RESUME, values);
      return true;
    case 'limit': {
      const { ratePerSecond, maxInFlight } = wanted;
      const limits = [
        ratePerSecond !== undefined,
        ratePerSecond ?? null,
        maxInFlight !== undefined,
        maxInFlight ?? null,
      ];
      return (await db.count(LIMIT, [...values, ...limits])) > 0;
    }
  }
}

/**
 * Changes the settings of a destination and records that in the audit log. Every dispatcher follows them within a second.
 * A resume of a destination that is not paused changes and records nothing.
 *
 * @returns false if so many destinations have settings already that this one cannot get any
 */
export async function changeDestinationSettings(
  db: Database,
  destination: string,
  by: ChangedBy,
  wanted: DestinationChange,
): Promise<boolean> {
  const changed = await apply(db, destination, by, wanted);
  if (wanted.kind !== 'pause') await db.rows(REMOVE_EMPTY, [destination]);
  return changed;
}
