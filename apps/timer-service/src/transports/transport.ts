import type { CallbackType, StoredCallbackConfig } from '@timer-platform/callback-types';

/** The stored callback of one type. */
export type StoredCallback<Type extends CallbackType> = Extract<
  StoredCallbackConfig,
  { readonly type: Type }
>;

/** Where a callback goes, as far as limits and circuit breakers are concerned. */
export interface Destination {
  /** How operators name it: they pause it and limit it by this name. The same as timer_destination() in the database. */
  readonly name: string;
  /** What a connection is made to: scheme, host and port, or the NATS server. */
  readonly endpoint: string;
  /** What responds there. Callbacks of one route tend to succeed or to fail together. */
  readonly route: string;
}

/** The parts of a destination that can be unavailable. */
export type DestinationPart = 'endpoint' | 'route';

/** One attempt to deliver a callback. */
export interface Delivery<Type extends CallbackType = CallbackType> {
  /** Identifies the message: the same on every attempt, another one once the callback was changed. */
  readonly messageId: string;
  /** Number of the attempt, from 1. Attempts that do not count, and lost claims, have none of their own. */
  readonly attemptNumber: number;
  readonly callback: StoredCallback<Type>;
  /** JSON text, sent unchanged; null: no body. */
  readonly payload: string | null;
  /** When the attempt started, in milliseconds since 1970 by the database's clock. */
  readonly startedMs: number;
  /**
   * To be called when the message is about to be written, which can be seconds after the attempt started. false: it must
   * not be written, and the attempt ends as withdrawn.
   */
  mayStart(): boolean;
  /** To be called once, when the attempt has ended, possibly before {@link Transport.send} returns. */
  ended(outcome: Outcome): void;
}

/** Why an attempt does not count. */
export type WithdrawalCause =
  /** {@link Delivery.mayStart} returned false. */
  | 'refused'
  /** The transport was closed. */
  | 'stopping'
  /** This machine had no connection to spare. */
  | 'shortage'
  /** The settings of this process do not allow the delivery. Those of another process may. */
  | 'undeliverable';

/**
 * How an attempt ended. The transport maps every status, rejection, timeout and error to one of these;
 * dispatch/settle/next-step decides what follows.
 */
export type Outcome =
  | {
      readonly kind: 'delivered';
      readonly statusCode: number | null;
      /** Whether the receiver already had the message. */
      readonly isDuplicate: boolean;
    }
  | {
      readonly kind: 'retryable';
      /** Shown to clients as last_error: must not reveal the internal network or a secret. */
      readonly reason: string;
      readonly statusCode: number | null;
      /** The delay that the receiver requested, in milliseconds from now. */
      readonly retryAfterMs: number | null;
      /** What seems to be unavailable to all callbacks, rather than to this one. */
      readonly unavailable: DestinationPart | null;
    }
  | { readonly kind: 'permanent'; readonly reason: string; readonly statusCode: number | null }
  | { readonly kind: 'withdrawn'; readonly cause: WithdrawalCause; readonly reason: string };

/** Delivers callbacks of one type. */
export interface Transport<Type extends CallbackType> {
  /** Depends on the callback alone. */
  destinationOf(callback: StoredCallback<Type>): Destination;
  /** Makes one attempt, bounded by a timeout, and reports its end to the delivery. Never throws. */
  send(delivery: Delivery<Type>): void;
  /** Ends attempts under way as withdrawn and closes all connections. Idempotent. */
  close(): Promise<void>;
}

/** One transport for every callback type: a type without one does not compile. */
export type Transports = { readonly [Type in CallbackType]: Transport<Type> };
