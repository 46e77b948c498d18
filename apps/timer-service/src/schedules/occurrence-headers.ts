import { type JsonValue, type Origin, SCHEDULE_HEADERS } from '@timer-platform/callback-types';
import {
  areEncrypted,
  decryptHeaderText,
  encryptHeaderText,
  type HeaderKeys,
} from '@timer-platform/database';

/** Headers in plain text. SQL can have stored values that are no strings. */
export type PlainHeaders = Readonly<Record<string, JsonValue>>;

export interface OccurrenceHeaderValues {
  /** The key of the schedule. */
  readonly key: string;
  /** Nominal instant, in milliseconds since 1970. */
  readonly scheduledForMs: number;
  readonly origin: Origin;
  /** How many occurrences were missed before this one, which stands for them. */
  readonly missed?: number;
}

const RESERVED: ReadonlySet<string> = new Set(Object.values(SCHEDULE_HEADERS));

/**
 * The stored headers of a schedule in plain text, without those that occurrences get.
 *
 * @returns `problem`: for people; why no key decrypts them
 */
export function scheduleHeaders(
  scheduleId: string,
  stored: JsonValue | undefined,
  keys: HeaderKeys,
): { readonly headers: PlainHeaders } | { readonly problem: string } {
  let headers = stored ?? null;
  if (areEncrypted(headers)) {
    const decrypted = decryptHeaderText(keys, scheduleId, headers);
    if (!decrypted.ok) return { problem: decrypted.reason };
    headers = JSON.parse(decrypted.text) as JsonValue;
  }
  if (headers === null || typeof headers !== 'object' || Array.isArray(headers)) return { headers: {} };
  const own = Object.entries(headers).filter(([name]) => !RESERVED.has(name.toLowerCase()));
  return { headers: Object.fromEntries(own) };
}

/** All headers of an occurrence as they are stored with its timer: encrypted if there is a key. */
export function occurrenceHeadersToStore(
  occurrenceId: string,
  headers: PlainHeaders,
  values: OccurrenceHeaderValues,
  keys: HeaderKeys,
): JsonValue {
  const all = { ...headers, ...occurrenceHeaders(values) };
  return encryptHeaderText(keys, occurrenceId, JSON.stringify(all)) ?? all;
}

/** The headers that tell a receiver which occurrence it got, for HTTP and NATS alike. */
function occurrenceHeaders(values: OccurrenceHeaderValues): Readonly<Record<string, string>> {
  const { key, scheduledForMs, origin, missed = 0 } = values;
  return {
    [SCHEDULE_HEADERS.schedule]: key,
    [SCHEDULE_HEADERS.scheduledFor]: new Date(scheduledForMs).toISOString(),
    [SCHEDULE_HEADERS.origin]: origin,
    ...(missed > 0 ? { [SCHEDULE_HEADERS.missed]: String(missed) } : {}),
  };
}
