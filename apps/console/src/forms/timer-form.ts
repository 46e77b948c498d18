import type { CreateTimerRequest, JsonValue, Timer } from '@timer-platform/callback-types';
import { formatJson } from '../lib/json-text.ts';
import { type LocalTime, localTimeOf, NO_TIME } from '../lib/zoned-time.ts';
import { type CallbackForm, callbackOf, EMPTY_CALLBACK, formOfCallback } from './callback-form.ts';
import { below, type FormResult } from './problems.ts';
import { FieldReader, present } from './read-fields.ts';
import { DEFAULT_RETRY, formOfRetry, type RetryForm, retryOf } from './retry-form.ts';

/** A new timer as it was typed. */
export interface TimerForm {
  readonly when: 'delay' | 'instant';
  readonly delay: string;
  readonly executeAt: LocalTime;
  /** IANA name: the clocks that `executeAt` and `expiresAt` are read on. */
  readonly zone: string;
  readonly callback: CallbackForm;
  readonly retry: RetryForm;
  readonly expiresAt: LocalTime;
  readonly key: string;
  /** JSON; '': none. */
  readonly metadata: string;
}

export function emptyTimer(zone: string): TimerForm {
  return {
    when: 'delay',
    delay: '15m',
    executeAt: NO_TIME,
    zone,
    callback: EMPTY_CALLBACK,
    retry: DEFAULT_RETRY,
    expiresAt: NO_TIME,
    key: '',
    metadata: '',
  };
}

/** The body of `POST /timers`. */
export function timerRequestOf(form: TimerForm): FormResult<CreateTimerRequest> {
  const read = new FieldReader();
  const callback = callbackOf(form.callback);
  const retry = retryOf(form.retry);
  const byInstant = form.when === 'instant';
  const request: CreateTimerRequest = present({
    execute_at: byInstant ? read.instant('execute_at', form.executeAt, form.zone) : undefined,
    delay: byInstant ? undefined : read.text(form.delay),
    callback: callback.request,
    retry: retry.request,
    expires_at: read.instant('expires_at', form.expiresAt, form.zone),
    key: read.text(form.key),
    metadata: read.json('metadata', form.metadata) as JsonValue | undefined,
  });
  if (byInstant && form.executeAt.text.trim() === '') read.add('execute_at', 'is required');
  if (!byInstant && request.delay === undefined) read.add('delay', 'is required');
  return {
    request,
    problems: [...read.problems, ...below('callback', callback.problems), ...below('retry', retry.problems)],
  };
}

/**
 * A new timer like a stored one. Its key is left out, as the stored one may still have it, and so are instants that have
 * passed.
 */
export function formOfTimer(timer: Timer, zone: string, now: number): TimerForm {
  const executeAt = Date.parse(timer.execute_at);
  const expiresAt = timer.expires_at === null ? Number.NaN : Date.parse(timer.expires_at);
  const empty = emptyTimer(zone);
  return {
    ...empty,
    ...(executeAt > now ? { when: 'instant', executeAt: localTimeOf(executeAt, zone) } : {}),
    callback: formOfCallback(timer.callback),
    retry: formOfRetry(timer.retry),
    expiresAt: expiresAt > now ? localTimeOf(expiresAt, zone) : NO_TIME,
    metadata: timer.metadata === null ? '' : formatJson(timer.metadata),
  };
}
