import {
  type JsonValue,
  type StoredCallbackConfig,
  storedCallbackConfigSchema,
} from '@timer-platform/callback-types';
import type { ClaimedRow, DecryptedCallback } from '@timer-platform/database';
import type { z } from 'zod';
import type { Destination } from '../transports/transport.ts';

export type ReadCallback =
  | { readonly kind: 'readable'; readonly callback: StoredCallbackConfig; readonly destination: Destination }
  /** It can never be delivered. */
  | { readonly kind: 'unreadable'; readonly reason: string };

/** Reads the stored callback of a claimed row. */
export type CallbackReader = (row: Pick<ClaimedRow, 'id' | 'callbackConfig'>) => ReadCallback;

/** Decrypts the stored headers of a callback; returns one without encrypted headers as it is. */
export type DecryptHeaders = (timerId: string, config: JsonValue) => DecryptedCallback;

const MAX_CACHED = 1_000;
const MAX_CACHED_LENGTH = 4_096;

/** Why a stored column makes a timer unreadable. */
export function describeIssues(column: string, { issues }: z.ZodError): string {
  const texts = issues.map((issue) => [...issue.path, issue.message].join(' '));
  return `${column} cannot be parsed: ${texts.join('; ')}`;
}

/**
 * Returns a function that reads stored callbacks, which may have been written by SQL: the only place where stored JSON
 * becomes a typed callback. Headers that no key can decrypt make it unreadable: without them an attempt could reach the
 * receiver unauthenticated.
 *
 * Many timers differ only in their payload, which is not part of the text: they share one result.
 */
export function createCallbackReader(
  decryptHeaders: DecryptHeaders,
  destinationOf: (callback: StoredCallbackConfig) => Destination,
): CallbackReader {
  const cache = new Map<string, ReadCallback>();
  return ({ id, callbackConfig: text }) => {
    const cached = cache.get(text);
    if (cached !== undefined) return cached;
    const stored = JSON.parse(text) as JsonValue;
    const decrypted = decryptHeaders(id, stored);
    if (!decrypted.ok) return { kind: 'unreadable', reason: decrypted.reason };
    const parsed = storedCallbackConfigSchema.safeParse(decrypted.config);
    if (!parsed.success)
      return { kind: 'unreadable', reason: describeIssues('callback_config', parsed.error) };
    const read = {
      kind: 'readable',
      callback: parsed.data,
      destination: destinationOf(parsed.data),
    } as const;
    // Encrypted headers belong to one timer.
    if (decrypted.config === stored && text.length <= MAX_CACHED_LENGTH) {
      // Cheaper than an LRU, and a callback in steady use is soon cached again.
      if (cache.size >= MAX_CACHED) cache.clear();
      cache.set(text, read);
    }
    return read;
  };
}
