import type { CallbackConfig, JsonValue, TimerCallback } from '@timer-platform/callback-types';
import { formatJson } from '../lib/json-text.ts';
import type { FormResult } from './problems.ts';
import { FieldReader, present } from './read-fields.ts';

export interface HeaderField {
  readonly name: string;
  readonly value: string;
}

/** The fields of a callback as they were typed, of both types, so that nothing is lost when the type is changed. */
export interface CallbackForm {
  readonly type: 'http' | 'nats';
  readonly url: string;
  readonly timeoutMs: string;
  readonly topic: string;
  readonly subjectKey: string;
  readonly jetstream: boolean;
  readonly headers: readonly HeaderField[];
  /** JSON; '': no body. */
  readonly payload: string;
}

export const EMPTY_CALLBACK: CallbackForm = {
  type: 'http',
  url: '',
  timeoutMs: '',
  topic: '',
  subjectKey: '',
  jetstream: false,
  headers: [],
  payload: '',
};

/** What the service shows instead of secrets to keys that may not see them. */
const MASK = '***';

/** The callback of a request. */
export function callbackOf(form: CallbackForm): FormResult<CallbackConfig> {
  const read = new FieldReader();
  const headers = readHeaders(form, read);
  const payload = read.json('payload', form.payload) as JsonValue | undefined;
  if (form.type === 'nats')
    return {
      request: {
        type: 'nats',
        topic: form.topic.trim(),
        ...present({
          key: read.text(form.subjectKey),
          headers,
          payload,
          jetstream: form.jetstream || undefined,
        }),
      },
      problems: read.problems,
    };
  if (form.url.includes(MASK))
    read.add('url', `has a secret that this API key may not read, masked as ${MASK}: write it again`);
  return {
    request: {
      type: 'http',
      url: form.url.trim(),
      ...present({ headers, payload, timeout_ms: read.number('timeout_ms', form.timeoutMs) }),
    },
    problems: read.problems,
  };
}

function readHeaders({ headers }: CallbackForm, read: FieldReader): Record<string, string> | undefined {
  const map: Record<string, string> = {};
  for (const { name: typed, value } of headers) {
    const name = typed.trim();
    if (name === '' && value === '') continue;
    if (name === '') read.add('headers', `a header with the value ${value.slice(0, 40)} has no name`);
    else if (Object.hasOwn(map, name)) read.add(`headers.${name}`, 'is there twice');
    else if (value === MASK)
      read.add(
        `headers.${name}`,
        `has a secret that this API key may not read: write it again, or remove the header`,
      );
    // Not map[name] = value: a header may be called __proto__.
    else Object.defineProperty(map, name, { value, enumerable: true, configurable: true, writable: true });
  }
  return Object.keys(map).length === 0 ? undefined : map;
}

/** The fields of a stored callback. */
export function formOfCallback(callback: TimerCallback): CallbackForm {
  const shared = {
    ...EMPTY_CALLBACK,
    // Rows of the first service may have any JSON as headers.
    headers: Object.entries(Object(callback.headers) as Record<string, unknown>).map(([name, value]) => ({
      name,
      value: typeof value === 'string' ? value : JSON.stringify(value),
    })),
    payload: callback.payload === undefined ? '' : formatJson(callback.payload),
  };
  return callback.type === 'nats'
    ? {
        ...shared,
        type: 'nats',
        topic: callback.topic,
        subjectKey: callback.key ?? '',
        jetstream: callback.jetstream === true,
      }
    : { ...shared, type: 'http', url: callback.url, timeoutMs: String(callback.timeout_ms ?? '') };
}
