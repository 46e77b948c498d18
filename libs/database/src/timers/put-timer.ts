import type { TimerState } from '@timer-platform/callback-types';
import type { Database } from '../connect.ts';
import { type HeaderKeys, NO_HEADER_KEYS } from '../header-encryption.ts';
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
  | { readonly outcome: 'expires-before-due' };

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
  headerKeys: HeaderKeys = NO_HEADER_KEYS,
): Promise<PutResult> {
  for (let tries = 1; tries <= MAX_TRIES; tries += 1) {
    const pending = await findPendingTimer(db, timerKey);
    const result =
      pending === undefined
        ? await create(db, { ...timer, timerKey }, headerKeys)
        : await replace(db, pending, timer, headerKeys);
    if (result !== undefined) return result;
  }
  throw new Error('the timer of a key changed during every try to replace it');
}

/** undefined: another request has stored a timer with this key. */
async function create(db: Database, timer: NewTimer, headerKeys: HeaderKeys): Promise<PutResult | undefined> {
  const result = await insertTimers(db, [timer], undefined, headerKeys);
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
      throw new Error('a timer was stored without an idempotency key, but was found by one');
  }
}

/** undefined: the timer is finished. */
async function replace(
  db: Database,
  id: string,
  { executeAt, delayMs, callback, metadata = null, retry = null, expiresAt = null }: NewTimer,
  headerKeys: HeaderKeys,
): Promise<PutResult | undefined> {
  const update = { executeAt, delayMs, callback, metadata, retry, expiresAt, restart: true };
  const result = await updateTimer(db, id, update, headerKeys);
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
