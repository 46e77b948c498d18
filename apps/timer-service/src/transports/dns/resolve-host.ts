import type { LookupAddress } from 'node:dns';

/** Resolves a host name to its addresses. Rejects if there are none. */
export type ResolveHost = (hostname: string) => Promise<readonly LookupAddress[]>;

/** A failed lookup; the codes are those of node:dns. */
export class LookupError extends Error {
  override readonly name = 'LookupError';
  readonly code: 'ETIMEOUT' | 'EAI_AGAIN';

  constructor(code: 'ETIMEOUT' | 'EAI_AGAIN') {
    super('The host name could not be resolved in time');
    this.code = code;
  }
}

/** The code of an error of node:dns; empty if there is none. */
export function lookupErrorCode(error: unknown): string {
  if (typeof error !== 'object' || error === null || !('code' in error)) return '';
  return typeof error.code === 'string' ? error.code : '';
}
