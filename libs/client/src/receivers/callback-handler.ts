import type { AnyCallback, ReceivedPayload } from '../callbacks/define-callback.ts';
import type { ScheduledOccurrence } from './scheduled-occurrence.ts';

/** What a handler knows about a callback besides its payload. */
export interface CallbackContext<Transaction = undefined> {
  /** The same on every attempt. A timer that was changed after an attempt has another one. */
  readonly id: string;
  /** Id of the timer, as the API has it. */
  readonly timerId: string;
  /** Name of the definition. */
  readonly name: string;
  /** Number of the attempt, from 1; `undefined` if the sender does not tell. Not signed. */
  readonly attempt: number | undefined;
  /** When the attempt was made; `undefined` if the transport does not tell. */
  readonly timestamp: Date | undefined;
  /** Which occurrence of a schedule it is; `undefined` for other timers. Not signed. */
  readonly schedule: ScheduledOccurrence | undefined;
  /** Names are in lower case. Not signed. */
  readonly headers: Readonly<Record<string, string>>;
  /** Aborted when an HTTP request is closed by the service, which then delivers again. Never aborted for NATS. */
  readonly signal: AbortSignal;
  /** The transaction of the store in which the id is remembered; `undefined` with the store in memory. */
  readonly transaction: Transaction;
}

/**
 * Handles one callback. When it resolves, the callback is done and never handled again. When it throws, the callback is
 * retried; see `PermanentError` and `RetryLaterError`. What it returns is ignored.
 */
export type CallbackHandler<Payload, Transaction = undefined> = (
  payload: Payload,
  context: CallbackContext<Transaction>,
) => unknown;

/** One handler per definition. A missing one does not compile. */
export type CallbackHandlers<Definition extends AnyCallback, Transaction = undefined> = {
  readonly [Name in Definition['name']]: CallbackHandler<
    ReceivedPayload<Extract<Definition, { readonly name: Name }>>,
    Transaction
  >;
};
