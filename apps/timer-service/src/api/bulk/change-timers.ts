import { type BulkResult, type JsonValue, LIMITS } from '@timer-platform/callback-types';
import {
  type BulkChange,
  canonicalJson,
  changeTimers,
  countChangeable,
  findAction,
  newTimerId,
  type TimerFilter,
} from '@timer-platform/database';
import type { FastifyRequest } from 'fastify';
import type { ApiContext } from '../api-context.ts';
import { clientNameOf } from '../auth/authenticate.ts';
import { errorOf, validationError } from '../http/api-error.ts';
import { decodeBulkCursor, encodeBulkCursor } from './bulk-cursor.ts';

/** How long one request changes timers, in milliseconds, and how long one counts them. */
const CHANGE_MS = 5_000;
const COUNT_MS = 1_000;

/** What every bulk request has besides its filter and its change. */
interface BulkControls {
  readonly limit: number;
  readonly dry_run: boolean;
  readonly cursor?: string | undefined;
  readonly action_id?: string | undefined;
}

const CONTROLS: ReadonlySet<string> = new Set([
  'limit',
  'dry_run',
  'cursor',
  'action_id',
] satisfies (keyof BulkControls)[]);

/** The part of a request that the audit log keeps: what repeats and continues it must be the same. */
function requestOf(body: BulkControls): JsonValue {
  const fields = Object.entries(body).filter(([name, value]) => !CONTROLS.has(name) && value !== undefined);
  return Object.fromEntries(fields);
}

/** @throws {ApiError} if the action exists and is not that of this request */
async function checkAction(
  { db }: ApiContext,
  id: string,
  client: string,
  action: string,
  request: JsonValue,
): Promise<boolean> {
  const earlier = await findAction(db, id);
  if (earlier === undefined) return false;
  const same =
    earlier.client === client &&
    earlier.action === action &&
    canonicalJson(earlier.request) === canonicalJson(request);
  if (!same) throw errorOf('different_request', 'action_id: belongs to another request; use a new UUID');
  if (earlier.undone_at !== null)
    throw errorOf('already_undone', 'the action was undone: repeat the request without cursor and action_id');
  return true;
}

/**
 * Counts or changes the timers that match a filter, and records the change in the audit log.
 *
 * @throws {ApiError} for a cursor or an action of another request
 */
export async function changeByFilter(
  context: ApiContext,
  request: FastifyRequest,
  body: BulkControls,
  filter: TimerFilter,
  change: BulkChange,
): Promise<BulkResult> {
  const { db, clock } = context;
  const recorded = requestOf(body);
  const position =
    body.cursor === undefined ? undefined : decodeBulkCursor(change.action, recorded, body.cursor);
  if (position !== undefined && body.action_id !== undefined && position.actionId !== body.action_id)
    throw validationError([{ path: 'action_id', message: 'must be that of the request which is continued' }]);
  const id = position?.actionId ?? body.action_id ?? newTimerId();
  const client = clientNameOf(request);
  const isKnown = await checkAction(context, id, client, change.action, recorded);
  const bulk = {
    filter,
    change,
    action: { id, client, request: recorded },
    after: position?.after,
  };
  const monotonicMs = (): number => clock.monotonicMs();
  if (body.dry_run) {
    const budget = { monotonicMs, ms: COUNT_MS };
    const { matched, more } = await countChangeable(db, { ...bulk, limit: LIMITS.bulkCount, budget });
    return { matched, changed: 0, skipped: 0, more, cursor: null, action_id: null };
  }
  const budget = { monotonicMs, ms: CHANGE_MS };
  const { matched, changed, reached } = await changeTimers(db, { ...bulk, limit: body.limit, budget });
  return {
    matched,
    changed,
    skipped: matched - changed,
    more: reached !== undefined,
    cursor:
      reached === undefined
        ? null
        : encodeBulkCursor(change.action, recorded, { after: reached, actionId: id }),
    action_id: isKnown || changed > 0 ? id : null,
  };
}
