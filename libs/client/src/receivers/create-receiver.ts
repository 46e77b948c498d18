import { SignatureError, verifySignature } from '@timer-platform/callback-types';
import { CALLBACK_NAME_HEADER } from '../callbacks/callback-name.ts';
import type { AnyCallback, ReceivedPayload } from '../callbacks/define-callback.ts';
import type { CallbackHandler, CallbackHandlers } from './callback-handler.ts';
import type { DedupStore } from './dedup-store.ts';
import { memoryDedupStore } from './memory-dedup-store.ts';
import { attemptOf, isMessageId, timerIdOf } from './message-id.ts';
import { processCallback } from './process-callback.ts';
import { BodyError } from './read-body.ts';
import type { Receiver, ReceiverRequest } from './receiver.ts';
import { DEFAULT_BODY_TIMEOUT_MS, DEFAULT_MAX_BODY_BYTES, type ReceiverOptions } from './receiver-options.ts';
import { type ReceiverResponse, respond, responseOf } from './receiver-response.ts';
import { Registrations } from './registrations.ts';
import { errorReporter, type OnError } from './report-error.ts';
import { headersByName } from './request-headers.ts';
import { scheduledOccurrence } from './scheduled-occurrence.ts';
import { parseSecrets } from './signing-secrets.ts';
import { fromWebRequest } from './web-request.ts';

interface VerifiedRequest {
  readonly id: string;
  readonly timestamp: Date | undefined;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: Uint8Array;
  readonly signal: AbortSignal;
}

const NEVER_ABORTED = new AbortController().signal;

class HttpReceiver<Transaction> implements Receiver<Transaction> {
  readonly maxBodyBytes: number;
  readonly bodyTimeoutMs: number;
  /** undefined: requests need no signature. */
  readonly #secrets: readonly string[] | undefined;
  readonly #options: ReceiverOptions<Transaction>;
  readonly #store: DedupStore<Transaction>;
  readonly #report: OnError;
  readonly #registrations = new Registrations<Transaction>();

  constructor(options: ReceiverOptions<Transaction>, store: DedupStore<Transaction>) {
    if (options.acceptUnsigned === true && options.secrets !== undefined)
      throw new TypeError(
        'acceptUnsigned and secrets exclude each other: with secrets, every request must be signed',
      );
    this.#secrets = options.acceptUnsigned === true ? undefined : parseSecrets(options.secrets);
    this.maxBodyBytes = options.maxBodyBytes ?? DEFAULT_MAX_BODY_BYTES;
    this.bodyTimeoutMs = options.bodyTimeoutMs ?? DEFAULT_BODY_TIMEOUT_MS;
    this.#options = options;
    this.#store = store;
    this.#report = errorReporter(options.onError);
  }

  on<Definition extends AnyCallback>(
    definition: Definition,
    handler: CallbackHandler<ReceivedPayload<Definition>, Transaction>,
  ): this {
    // What the handler gets is what the schema of the same definition returned.
    this.#registrations.add(definition, handler);
    return this;
  }

  onEach<Definition extends AnyCallback>(
    definitions: readonly Definition[],
    handlers: CallbackHandlers<Definition, Transaction>,
  ): this {
    const byName: Readonly<Record<string, CallbackHandler<never, Transaction>>> = handlers;
    for (const definition of definitions) {
      const handler = byName[definition.name] as CallbackHandler<unknown, Transaction>;
      this.#registrations.add(definition, handler);
    }
    return this;
  }

  readonly fetch = async (request: Request): Promise<Response> => {
    const { body, headers, status } = await this.handle(fromWebRequest(request, this));
    return new Response(body, { status, headers });
  };

  async handle(request: ReceiverRequest): Promise<ReceiverResponse> {
    try {
      if (request.method.toUpperCase() !== 'POST')
        return respond(405, 'send POST requests', { allow: 'POST' });
      const verified = await this.#verify(request);
      return 'status' in verified ? verified : await this.#process(verified);
    } catch (error) {
      this.#report(error, { reason: 'receiver' });
      return respond(500, 'failed');
    }
  }

  async #readBody({ body }: ReceiverRequest): Promise<Uint8Array | ReceiverResponse> {
    try {
      const given = typeof body === 'function' ? await body() : body;
      const bytes = typeof given === 'string' ? new TextEncoder().encode(given) : given;
      if (bytes.length > this.maxBodyBytes)
        throw new BodyError(413, `The body exceeds ${this.maxBodyBytes} bytes`);
      return bytes;
    } catch (error) {
      this.#report(error, { reason: 'receiver' });
      if (!(error instanceof BodyError)) return respond(500, 'failed');
      return respond(error.status, error.message);
    }
  }

  async #verify(request: ReceiverRequest): Promise<VerifiedRequest | ReceiverResponse> {
    const headers = headersByName(request.headers);
    const body = await this.#readBody(request);
    if ('status' in body) return body;
    const id = headers['webhook-id'];
    const { now, toleranceSeconds } = this.#options;
    let timestamp: Date | undefined;
    try {
      if (id === undefined) throw new SignatureError('missing header');
      if (!isMessageId(id)) throw new SignatureError('malformed header');
      if (this.#secrets !== undefined)
        ({ timestamp } = await verifySignature({
          headers,
          body,
          secrets: this.#secrets,
          ...(toleranceSeconds !== undefined && { toleranceSeconds }),
          ...(now !== undefined && { now: now() }),
        }));
      return { id, timestamp, headers, body, signal: request.signal ?? NEVER_ABORTED };
    } catch (error) {
      if (!(error instanceof SignatureError)) throw error;
      this.#report(error, { reason: 'unverified', name: headers[CALLBACK_NAME_HEADER] });
      return respond(401, error.reason);
    }
  }

  async #process({ body, headers, id, signal, timestamp }: VerifiedRequest): Promise<ReceiverResponse> {
    const name = headers[CALLBACK_NAME_HEADER];
    const registration = this.#registrations.find(name);
    if (registration === undefined) {
      const error = new Error(
        name === undefined
          ? `The request has no header ${CALLBACK_NAME_HEADER}, and not exactly one handler is registered`
          : `No handler is registered for callback ${JSON.stringify(name.slice(0, 200))}`,
      );
      this.#report(error, { reason: 'unknown callback', id, name });
      return respond(404, 'unknown callback');
    }
    const context = {
      id,
      timerId: timerIdOf(id),
      name: registration.definition.name,
      attempt: attemptOf(headers['webhook-attempt']),
      schedule: scheduledOccurrence(headers),
      timestamp,
      headers,
      signal,
    };
    const result = await processCallback(registration, { body, context }, this.#store);
    if ('error' in result) this.#report(result.error, { reason: result.kind, id, name: context.name });
    return responseOf(result);
  }
}

/**
 * Creates a receiver of HTTP callbacks. It verifies the signature, finds the handler by the name in the header
 * `timer-callback`, validates the payload, and calls the handler once for each id.
 *
 * Responds with 200 if the callback is handled or was handled before, 410 if a handler throws PermanentError, and with
 * statuses that are retried otherwise: 401 for a signature, 404 for an unknown name, 409 while the same callback is being
 * handled or if a handler throws RetryLaterError, 413, 422 for a payload, 500 for an error of a handler.
 *
 * @throws {TypeError} if there are no secrets, or one is malformed
 *
 * @example
 * const receiver = createReceiver({ secrets: process.env.TIMER_SECRETS }).on(paymentDue, async ({ order }) => {
 *   await remind(order);
 * });
 * Deno.serve(receiver.fetch);
 */
export function createReceiver(options: ReceiverOptions & { readonly dedup?: undefined }): Receiver;
export function createReceiver<Transaction>(
  options: ReceiverOptions<Transaction> & { readonly dedup: DedupStore<Transaction> },
): Receiver<Transaction>;
export function createReceiver<Transaction>(
  options: ReceiverOptions<Transaction>,
): Receiver<Transaction> | Receiver {
  return options.dedup === undefined
    ? new HttpReceiver({ ...options, dedup: undefined }, memoryDedupStore())
    : new HttpReceiver(options, options.dedup);
}
