import type { AnyCallback, ReceivedPayload } from '../callbacks/define-callback.ts';
import type { CallbackHandler, CallbackHandlers } from './callback-handler.ts';
import type { BodyLimits } from './read-body.ts';
import type { ReceiverResponse } from './receiver-response.ts';
import type { ReceivedHeaders } from './request-headers.ts';

/** A request, from any HTTP library. */
export interface ReceiverRequest {
  readonly method: string;
  readonly headers: ReceivedHeaders;
  /** As received, before any JSON parser; or a function that reads it, called at most once. */
  readonly body: string | Uint8Array | (() => Promise<Uint8Array>);
  /** Aborted when the sender has given up. */
  readonly signal?: AbortSignal | undefined;
}

/** Verifies callbacks and calls the handler of each once. */
export interface Receiver<Transaction = undefined> extends BodyLimits {
  /**
   * Registers the handler of a definition and returns the receiver.
   * @throws {TypeError} if its name has a handler already
   */
  on<Definition extends AnyCallback>(
    definition: Definition,
    handler: CallbackHandler<ReceivedPayload<Definition>, Transaction>,
  ): this;
  /** Registers the handlers of several definitions, by name. A missing one does not compile. */
  onEach<Definition extends AnyCallback>(
    definitions: readonly Definition[],
    handlers: CallbackHandlers<Definition, Transaction>,
  ): this;
  /** Handles a request. For HTTP libraries without an adapter. Never rejects. */
  handle(request: ReceiverRequest): Promise<ReceiverResponse>;
  /**
   * Handles a web request. A function by itself: `Deno.serve(receiver.fetch)`, `Bun.serve({ fetch: receiver.fetch })`,
   * `export const POST = receiver.fetch`. Never rejects.
   */
  readonly fetch: (request: Request) => Promise<Response>;
}
