import type { CallbackConfig, HeaderMap, JsonValue } from '@timer-platform/callback-types';
import { CALLBACK_NAME_HEADER } from './callback-name.ts';

/** A URL that gets the callback as a POST request. */
export interface HttpDestination {
  readonly type: 'http';
  /** `undefined` is an error when a callback is made, and not before: a receiver does not need its own URL. */
  readonly url: string | undefined;
  readonly headers?: HeaderMap | undefined;
  /** Time limit of one attempt in milliseconds; 30,000 by default. */
  readonly timeout_ms?: number | undefined;
}

/** A NATS subject: `topic`, or `topic.key`. */
export interface NatsDestination {
  readonly type: 'nats';
  /** `undefined` is an error when a callback is made, and not before. */
  readonly topic: string | undefined;
  readonly key?: string | undefined;
  readonly headers?: HeaderMap | undefined;
  /** If true, delivered only when a stream has acknowledged the message. */
  readonly jetstream?: boolean | undefined;
}

export type Destination = HttpDestination | NatsDestination;

/** Fields that replace those of the destination for one callback. Headers are added, or replaced by name. */
export type DestinationOverrides =
  Partial<Omit<HttpDestination, 'type'>> | Partial<Omit<NatsDestination, 'type'>>;

const FIELDS = {
  http: ['url', 'headers', 'timeout_ms'],
  nats: ['topic', 'key', 'headers', 'jetstream'],
} as const;

/** Names of headers are case-insensitive: the later one counts. */
function mergeHeaders(...maps: readonly (HeaderMap | undefined)[]): HeaderMap {
  const merged = new Map<string, [string, string]>();
  for (const map of maps)
    for (const [name, value] of Object.entries(map ?? {})) merged.set(name.toLowerCase(), [name, value]);
  return Object.fromEntries(merged.values());
}

function override(name: string, destination: Destination, overrides: DestinationOverrides): Destination {
  const known: readonly string[] | undefined = FIELDS[destination.type];
  if ((known as unknown) === undefined)
    throw new TypeError(`The destination of callback "${name}" must have the type http or nats`);
  for (const field of Object.keys(overrides))
    if (!known.includes(field))
      throw new TypeError(
        `The destination of callback "${name}" has the type ${destination.type}, which has no ${field}: override ${known.join(', ')}`,
      );
  const headers = mergeHeaders(destination.headers, overrides.headers);
  if (Object.keys(headers).some((header) => header.toLowerCase() === CALLBACK_NAME_HEADER))
    throw new TypeError(
      `Callback "${name}" sets the header ${CALLBACK_NAME_HEADER}, which carries its name: remove it`,
    );
  // The loop above has checked that the fields belong to this type.
  return { ...destination, ...overrides, headers };
}

function required(name: string, field: 'url' | 'topic', value: string | undefined): string {
  if (value !== undefined && value !== '') return value;
  throw new TypeError(
    `Callback "${name}" has no ${field}: it is ${value === '' ? 'empty' : 'undefined'} in its destination. Is an environment variable missing?`,
  );
}

/**
 * The callback as the API takes it. The service checks the values of its fields.
 *
 * @throws {TypeError} if the URL or topic is undefined, a header is reserved, or an override does not fit the type
 */
export function callbackTo(
  name: string,
  destination: Destination,
  payload: JsonValue | undefined,
  overrides: DestinationOverrides,
): CallbackConfig {
  const target = override(name, destination, overrides);
  const content = {
    headers: { ...target.headers, [CALLBACK_NAME_HEADER]: name },
    ...(payload !== undefined && { payload }),
  };
  if (target.type === 'http') {
    const { timeout_ms, type, url } = target;
    return {
      type,
      url: required(name, 'url', url),
      ...content,
      ...(timeout_ms !== undefined && { timeout_ms }),
    };
  }
  const { jetstream, key, topic, type } = target;
  return {
    type,
    topic: required(name, 'topic', topic),
    ...(key !== undefined && { key }),
    ...content,
    ...(jetstream !== undefined && { jetstream }),
  };
}
