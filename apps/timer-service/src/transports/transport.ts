import type { CallbackType, StoredCallbackConfig } from '@timer-platform/callback-types';

/** The stored callback of one type. */
export type StoredCallback<Type extends CallbackType> = Extract<
  StoredCallbackConfig,
  { readonly type: Type }
>;

/** One attempt to deliver a callback. */
export interface Delivery<Type extends CallbackType = CallbackType> {
  /** Id of the timer: the same on every attempt, so that a receiver can tell a repetition. */
  readonly timerId: string;
  readonly callback: StoredCallback<Type>;
  /** JSON text to send as it is; null: nothing to send. */
  readonly payload: string | null;
}

/**
 * How an attempt ended. Every status, refusal, time-out and thrown error is folded into one of these at the transport;
 * what follows from it is decided in one place, dispatch/next-step.
 */
export type Outcome =
  | { readonly kind: 'delivered'; readonly statusCode: number | null }
  | {
      readonly kind: 'retryable';
      /** Shown to the client as last_error: tells nothing about the inner network and holds no secret. */
      readonly reason: string;
      readonly statusCode: number | null;
      /** How long the receiver asked to be left alone, in milliseconds from now. */
      readonly retryAfterMs: number | null;
      /** Whether the destination as a whole seems to be away: it was not reached, or did not answer in time. */
      readonly unreachable: boolean;
    }
  | { readonly kind: 'permanent'; readonly reason: string; readonly statusCode: number | null };

/** Delivers callbacks of one type. */
export interface Transport<Type extends CallbackType> {
  /** What shares one fate: timers with the same destination share its bound in flight and its circuit breaker. */
  destinationOf(callback: StoredCallback<Type>): string;
  /** Makes one attempt within the callback's time limit. Never rejects. */
  send(delivery: Delivery<Type>): Promise<Outcome>;
  /** Gives up what is under way, as retryable, and closes connections. Idempotent. */
  close(): Promise<void>;
}

/** One transport for every callback type: a type without one does not compile. */
export type Transports = { readonly [Type in CallbackType]: Transport<Type> };
