import type { Timer, TimerCallback } from '@timer-platform/callback-types';
import { parseLocalInstant } from '../../lib/local-instant.ts';
import { localTimeOf } from '../../lib/zoned-time.ts';
import { hasMask } from './secrets.ts';

/** What can be edited, as texts. */
export interface EditForm {
  readonly executeAt: string;
  readonly expiresAt: string;
  readonly callback: string;
  readonly retry: string;
  readonly metadata: string;
}

export type EditField = keyof EditForm;
const EDIT_FIELDS: readonly EditField[] = ['executeAt', 'expiresAt', 'callback', 'retry', 'metadata'];

/** The field of the request that a field of the form is. */
const NAMES: Readonly<Record<EditField, string>> = {
  executeAt: 'execute_at',
  expiresAt: 'expires_at',
  callback: 'callback',
  retry: 'retry',
  metadata: 'metadata',
};

export type EditErrors = Readonly<Partial<Record<EditField, string>>>;

function pretty(value: unknown): string {
  return value === null || value === undefined ? '' : JSON.stringify(value, null, 2);
}

/** The form of a timer. @param zone in which instants are shown */
export function editFormOf(timer: Timer, zone: string): EditForm {
  const { execute_at, expires_at, callback, retry, metadata } = timer;
  const local = (at: string | null) => {
    const instant = at === null ? NaN : Date.parse(at);
    return Number.isNaN(instant) ? '' : localTimeOf(instant, zone).text;
  };
  return {
    executeAt: local(execute_at),
    expiresAt: local(expires_at),
    callback: pretty(callback),
    retry: pretty(retry),
    metadata: pretty(metadata),
  };
}

/** The body of the request, or what is wrong in which field. */
export type EditReading =
  | { readonly body: Readonly<Record<string, unknown>>; readonly errors: null }
  | { readonly body: null; readonly errors: EditErrors };

/**
 * The request that makes the changes of a form; fields that are as before are left out.
 * @param before the form as it was opened
 * @param zone in which its instants are meant
 */
export function readEditForm(form: EditForm, before: EditForm, zone: string): EditReading {
  const body: Record<string, unknown> = {};
  const errors: Partial<Record<EditField, string>> = {};
  for (const field of EDIT_FIELDS) {
    if (form[field] === before[field]) continue;
    const read = readField(field, form[field].trim(), zone);
    if ('error' in read) errors[field] = read.error;
    else body[NAMES[field]] = read.value;
  }
  return Object.keys(errors).length > 0 ? { body: null, errors } : { body, errors: null };
}

type FieldReading = { readonly value: unknown } | { readonly error: string };

function readField(field: EditField, text: string, zone: string): FieldReading {
  if (field === 'executeAt' || field === 'expiresAt') {
    if (text === '' && field === 'expiresAt') return { value: null };
    const instant = parseLocalInstant(text, zone);
    return instant === undefined
      ? { error: 'A date and a time' }
      : { value: new Date(instant).toISOString() };
  }
  if (text === '') return field === 'callback' ? { error: 'A callback is required' } : { value: null };
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch (error) {
    return { error: `No JSON: ${(error as Error).message}` };
  }
  if (field === 'callback' && hasMask(value))
    return {
      error:
        'Has masked values (***), which would replace the secrets: give them, or leave the callback as it was',
    };
  return { value };
}

interface Issue {
  readonly path: string;
  readonly message: string;
}

/** What the service says is wrong, by field of the form; and what belongs to none. */
export function errorsByField(issues: readonly Issue[]): {
  readonly errors: EditErrors;
  readonly others: readonly Issue[];
} {
  const errors: Partial<Record<EditField, string>> = {};
  const others: Issue[] = [];
  for (const issue of issues) {
    const field = EDIT_FIELDS.find(
      (name) => issue.path === NAMES[name] || issue.path.startsWith(`${NAMES[name]}.`),
    );
    if (field === undefined) others.push(issue);
    else
      errors[field] = [errors[field], issueText(issue, NAMES[field])]
        .filter((text) => text !== undefined)
        .join('; ');
  }
  return { errors, others };
}

function issueText({ path, message }: Issue, name: string): string {
  return path === name ? message : `${path.slice(name.length + 1)}: ${message}`;
}

/** Parts of a callback, as they are shown. */
export function callbackParts(callback: TimerCallback): readonly (readonly [label: string, value: string])[] {
  if (callback.type === 'http')
    return [
      ['URL', callback.url],
      ['Time limit', `${callback.timeout_ms ?? 30_000} ms`],
    ];
  return [
    [
      'Subject',
      callback.key === null || callback.key === undefined
        ? callback.topic
        : `${callback.topic}.${callback.key}`,
    ],
    ['JetStream', callback.jetstream === true ? 'yes: delivered when a stream has acknowledged it' : 'no'],
  ];
}
