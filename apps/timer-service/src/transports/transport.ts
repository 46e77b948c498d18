import type { CallbackType, StoredCallbackConfig } from '@timer-platform/callback-types';

/** The stored callback of one type. */
export type StoredCallback<Type extends CallbackType> = Extract<
  StoredCallbackConfig,
  { readonly type: Type }
>;

/** One attempt to deliver a callback. */
export interface Delivery<Type extends CallbackType = CallbackType> {
  /** The same on every attempt, so that a receiver can detect duplicates. */
  readonly timerId: string;
  readonly callback: StoredCallback<Type>;
  /** JSON text, sent unchanged; null: no body. */
  readonly payload: string | null;
}

/**
 * How an attempt ended. The transport maps every status, rejection, timeout and error to one of these;
 * dispatch/settle/next-step decides what follows.
 */
export type Outcome =
  | { readonly kind: 'delivered'; readonly statusCode: number | null }
  | {
      readonly kind: 'retryable';
      /** Shown to clients as last_error: must not reveal the internal network or a secret. */
      readonly reason: string;
      readonly statusCode: number | null;
      /** The delay that the receiver requested, in milliseconds from now. */
      readonly retryAfterMs: number | null;
      /** Whether the destination itself seems to be unavailable: not reached, or no response in time. */
      readonly unreachable: boolean;
    }
  | { readonly kind: 'permanent'; readonly reason: string; readonly statusCode: number | null };

/** Delivers callbacks of one type. */
export interface Transport<Type extends CallbackType> {
  /** The key under which timers share an in-flight limit and a circuit breaker. Depends on the callback alone. */
  destinationOf(callback: StoredCallback<Type>): string;
  /** Makes one attempt, bounded by a timeout. Never rejects. */
  send(delivery: Delivery<Type>): Promise<Outcome>;
  /** Ends attempts under way as retryable and closes all connections. Idempotent. */
  close(): Promise<void>;
}

/** One transport for every callback type: a type without one does not compile. */
export type Transports = { readonly [Type in CallbackType]: Transport<Type> };
