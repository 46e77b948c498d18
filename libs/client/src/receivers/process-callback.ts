import type { AnyCallback } from '../callbacks/define-callback.ts';
import { PayloadError } from '../callbacks/payload-error.ts';
import type { CallbackContext, CallbackHandler } from './callback-handler.ts';
import type { DedupStore } from './dedup-store.ts';
import { isPermanentError, isRetryLaterError } from './handler-errors.ts';

/** How a received callback ended. Each transport decides what it responds. */
export type CallbackResult =
  | { readonly kind: 'handled' | 'duplicate' | 'in progress' }
  | { readonly kind: 'invalid payload'; readonly error: PayloadError }
  | { readonly kind: 'permanent' | 'failed'; readonly error: unknown }
  | { readonly kind: 'retry later'; readonly afterSeconds: number; readonly error: unknown };

/** A definition and its handler. */
export interface Registration<Transaction> {
  readonly definition: AnyCallback;
  readonly handler: CallbackHandler<unknown, Transaction>;
}

export interface ReceivedCallback {
  readonly body: Uint8Array;
  readonly context: Omit<CallbackContext, 'transaction'>;
}

function parseJson(name: string, body: Uint8Array): unknown {
  try {
    return JSON.parse(new TextDecoder('utf-8', { fatal: true }).decode(body)) as unknown;
  } catch {
    throw new PayloadError(name, [{ path: '', message: 'must be JSON in UTF-8' }]);
  }
}

/** Without a body the payload was null or absent: whichever the schema accepts. */
async function parsePayload(definition: AnyCallback, body: Uint8Array): Promise<unknown> {
  if (body.length > 0) return definition.parse(parseJson(definition.name, body));
  try {
    return await definition.parse(undefined);
  } catch (error) {
    return await definition.parse(null).catch(() => {
      throw error;
    });
  }
}

function resultOfError(error: unknown): CallbackResult {
  if (isPermanentError(error)) return { kind: 'permanent', error };
  if (isRetryLaterError(error)) return { kind: 'retry later', error, afterSeconds: error.afterSeconds };
  return { kind: 'failed', error };
}

/**
 * Validates and handles a callback once. Never rejects.
 *
 * The payload is validated within `once`, so that a repetition is recognized even if the schema has changed since.
 */
export async function processCallback<Transaction>(
  { definition, handler }: Registration<Transaction>,
  { body, context }: ReceivedCallback,
  store: DedupStore<Transaction>,
): Promise<CallbackResult> {
  let invalid: PayloadError | undefined;
  try {
    const kind = await store.once(context.id, async (transaction) => {
      const payload = await parsePayload(definition, body).catch((error: unknown) => {
        if (error instanceof PayloadError) invalid = error;
        throw error;
      });
      await handler(payload, { ...context, transaction });
    });
    return { kind };
  } catch (error) {
    return invalid === undefined ? resultOfError(error) : { kind: 'invalid payload', error: invalid };
  }
}
