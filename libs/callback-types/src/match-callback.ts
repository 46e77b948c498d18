import type { CallbackType } from './callback.ts';

/** One function per callback type: a type without one does not compile. */
export type CallbackMatcher<Callback extends { readonly type: CallbackType }, Result> = {
  readonly [Type in CallbackType]: (callback: Extract<Callback, { readonly type: Type }>) => Result;
};

/**
 * Calls the function for the callback's type.
 *
 * @example
 * const target = matchCallback(callback, {
 *   http: ({ url }) => new URL(url).origin,
 *   nats: (nats) => natsSubject(nats),
 * });
 */
export function matchCallback<Callback extends { readonly type: CallbackType }, Result>(
  callback: Callback,
  matcher: CallbackMatcher<Callback, Result>,
): Result {
  // The compiler cannot see that the key and the argument come from the same variant.
  const handle = matcher[callback.type] as (callback: Callback) => Result;
  return handle(callback);
}
