import type { TimerState } from '@timer-platform/callback-types';
import type { Database } from '../connect.ts';
import type { HeaderKeys } from '../header-encryption.ts';
import { findRepeated, type IdempotencyKey, type Repeated } from './idempotency-key.ts';
import { insertTimers, type NewTimer } from './insert-timers.ts';
import { findPendingTimer, type TimerKey } from './timer-keys.ts';
import { updateTimer } from './update-timer.ts';

export type PutResult =
  /** A new timer was stored. */
  | { readonly outcome: 'created'; readonly id: string }
  /** The unfinished timer with this key was replaced. No attempt that starts afterwards uses its old values. */
  | { readonly outcome: 'replaced'; readonly id: string }
  /** The timer with this key is executing: it can be neither replaced nor stored a second time. */
  | { readonly outcome: 'wrong-state'; readonly status: TimerState }
  | { readonly outcome: 'in-the-past' }
  | { readonly outcome: 'expires-before-due' }
  /** Nothing was stored or replaced. */
  | Repeated;

interface PutOptions {
  /** Encrypt the headers of the callback if there is a current key. */
  readonly headerKeys?: HeaderKeys | undefined;
  /** Is stored with the timer, or the replacement: a repetition stores and replaces nothing. */
  readonly idempotency?: IdempotencyKey | undefined;
}

/** How often the timer with a key may be finished, or stored by another, between the two statements of a try. */
const MAX_TRIES = 10;

/**
 * Stores a timer under a key of the client, or replaces the unfinished timer that has the key. The replaced one keeps its
 * id and gets all attempts of its retry policy. However many calls with one key run at once, there is one unfinished timer.
 */
export async function putTimer(
  db: Database,
  timerKey: TimerKey,
  timer: NewTimer,
  options: PutOptions = {},
): Promise<PutResult> {
  const { idempotency } = options;
  for (let tries = 1; tries <= MAX_TRIES; tries += 1) {
    const pending = await findPendingTimer(db, timerKey);
    const result =
      pending === undefined
        ? await create(db, { ...timer, timerKey }, options)
        : await replace(db, pending, timer, options);
    if (result === undefined) continue;
    const isRefusal = result.outcome !== 'created' && result.outcome !== 'replaced';
    // What refuses a repetition may be what the first request has done.
    return (isRefusal && idempotency && (await findRepeated(db, idempotency))) || result;
  }
  throw new Error('the timer of a key changed during every try to replace it');
}

/** undefined: another request has stored a timer with this key. */
async function create(
  db: Database,
  timer: NewTimer,
  { headerKeys, idempotency }: PutOptions,
): Promise<PutResult | undefined> {
  const result = await insertTimers(db, [timer], idempotency, headerKeys);
  switch (result.outcome) {
    case 'inserted': {
      const [inserted] = result.timers;
      if (inserted === undefined) throw new Error('storing one timer returned none');
      return { outcome: 'created', id: inserted.id };
    }
    case 'key-in-use':
      return undefined;
    case 'in-the-past':
    case 'expires-before-due':
      return { outcome: result.outcome };
    case 'repeated':
      return result;
  }
}

/** undefined: the timer is finished. */
async function replace(
  db: Database,
  id: string,
  { executeAt, delayMs, callback, metadata = null, retry = null, expiresAt = null }: NewTimer,
  { headerKeys, idempotency }: PutOptions,
): Promise<PutResult | undefined> {
  const update = { executeAt, delayMs, callback, metadata, retry, expiresAt, restart: true };
  const result = await updateTimer(db, id, update, headerKeys, idempotency);
  switch (result.outcome) {
    case 'changed':
      return { outcome: 'replaced', id };
    case 'wrong-state':
      return result.status === 'executing' || result.status === 'pending'
        ? { outcome: 'wrong-state', status: 'executing' }
        : undefined;
    case 'not-found':
      return undefined;
    case 'in-the-past':
    case 'expires-before-due':
      return result;
    case 'key-in-use':
      throw new Error('an update does not change the key of a timer');
  }
}
