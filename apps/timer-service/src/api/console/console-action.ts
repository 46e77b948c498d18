import type { JsonValue } from '@timer-platform/callback-types';
import { maskCallback } from '../timers/mask-secrets.ts';

/** What a request of the console has done, for the audit log. */
export interface ConsoleAction {
  readonly action: string;
  readonly target: string | null;
  readonly request: JsonValue;
  readonly affected: number;
}

/** The routes that change a single thing, and what the audit log calls it. Bulk changes and destinations record themselves. */
export const RECORDED_ROUTES = new Map([
  ['POST /timers', 'create_timer'],
  ['POST /timers/batch', 'create_timers'],
  ['PUT /timers/:id', 'update_timer'],
  ['DELETE /timers/:id', 'cancel_timer'],
  ['POST /timers/:id/run', 'run_timer'],
  ['POST /timers/:id/retry', 'retry_timer'],
  ['PUT /timers/by-key/:key', 'put_timer'],
  ['DELETE /timers/by-key/:key', 'cancel_timer'],
  ['PUT /schedules/:key', 'put_schedule'],
  ['DELETE /schedules/:key', 'delete_schedule'],
  ['POST /schedules/:key/pause', 'pause_schedule'],
  ['POST /schedules/:key/resume', 'resume_schedule'],
  ['POST /schedules/:key/trigger', 'trigger_schedule'],
  ['POST /schedules/:key/backfill', 'backfill_schedule'],
]);

/** Fields that may hold what is confidential or large. */
const OMITTED = new Set(['headers', 'metadata', 'payload', 'timers']);
/** Characters of a field as JSON; longer ones are omitted. */
const MAX_FIELD = 1_000;

type Fields = Readonly<Record<string, unknown>>;

function fieldsOf(value: unknown): Fields {
  return typeof value === 'object' && value !== null && !Array.isArray(value) ? { ...value } : {};
}

function describe(fields: Fields): Record<string, JsonValue> {
  const shown = Object.entries(fields).filter(
    ([name, value]) => !OMITTED.has(name) && JSON.stringify(value ?? null).length <= MAX_FIELD,
  );
  return Object.fromEntries(shown.map(([name, value]) => [name, (value ?? null) as JsonValue]));
}

/**
 * What the audit log keeps of a body: no headers, payloads and metadata, and no value of a parameter in a URL. Keys of every
 * role can read it.
 */
function describeBody(body: unknown): JsonValue {
  if (body === undefined || body === null) return null;
  const { callback, ...others } = fieldsOf(body);
  if (callback === undefined) return describe(others);
  const masked = maskCallback(describe(fieldsOf(callback)), 'every-parameter');
  return { ...describe(others), callback: masked };
}

/** A request of the console that has succeeded. */
export interface CompletedRequest {
  readonly method: string;
  /** As the route names it, such as `/timers/:id`. */
  readonly route: string | undefined;
  readonly params: unknown;
  readonly body: unknown;
  /** `data` of the response. */
  readonly data: unknown;
}

/** The entry of the audit log for a request; undefined if it has changed nothing or records itself. */
export function consoleAction({
  method,
  route = '',
  params,
  body,
  data,
}: CompletedRequest): ConsoleAction | undefined {
  const action = RECORDED_ROUTES.get(`${method} ${route}`);
  const result = fieldsOf(data);
  if (action === undefined || fieldsOf(body)['dry_run'] === true || result['changed'] === false)
    return undefined;
  const { id, key } = fieldsOf(params);
  const target = route.startsWith('/schedules/') ? key : (result['id'] ?? id ?? null);
  const { timers } = fieldsOf(body);
  return {
    action,
    target: typeof target === 'string' ? target : null,
    request: describeBody(body),
    affected: action === 'create_timers' && Array.isArray(timers) ? timers.length : 1,
  };
}
