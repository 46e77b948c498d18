import type { CallbackType, HeaderMap } from '@timer-platform/callback-types';
import type { DestinationPart, StoredCallback, Transport } from '../transport.ts';

/** A delivery as the receiver got it. */
export interface ReceivedDelivery {
  readonly messageId: string | undefined;
  readonly body: Uint8Array;
  header(name: string): string | undefined;
}

/** A transport and the destination of its callbacks. */
export interface TransportEnvironment<Type extends CallbackType> {
  readonly transport: Transport<Type>;
  callback(headers?: HeaderMap): StoredCallback<Type>;
  /** Makes the destination unreachable. */
  disconnect(): Promise<void>;
  /** Closes everything, the transport included. */
  stop(): Promise<void>;
}

/** An environment whose receiver records deliveries. */
export interface ReceivingEnvironment<Type extends CallbackType> extends TransportEnvironment<Type> {
  /** Resolves with all deliveries so far when there are at least `count`. */
  received(count: number): Promise<readonly ReceivedDelivery[]>;
  /** What a missing response is a sign of. */
  readonly unavailableWithoutResponse: DestinationPart;
  /** From now on no attempt gets a response, and connections stay open. */
  stall(): void;
  /** Resolves when an attempt that `stall` affects is under way. */
  attemptStalled(): Promise<void>;
}
