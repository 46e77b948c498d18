import type { CallbackType } from './callback.ts';

/** One function per callback type, and per type that `Callback` adds. A missing function is a compile error. */
export type CallbackMatcher<Callback extends { readonly type: string }, Result> = {
  readonly [Type in CallbackType | Callback['type']]: (
    callback: Extract<Callback, { readonly type: Type }>,
  ) => Result;
};

/**
 * Calls the function for the type of the callback. When the union gains a variant, every call that does not handle it fails
 * to compile.
 *
 * @example
 * const target = matchCallback(callback, {
 *   http: ({ url }) => new URL(url).origin,
 *   nats: (nats) => natsSubject(nats),
 * });
 */
export function matchCallback<Callback extends { readonly type: string }, Result>(
  callback: Callback,
  matcher: CallbackMatcher<Callback, Result>,
): Result {
  const type: Callback['type'] = callback.type;
  // The compiler cannot infer that the key and the argument belong to the same variant.
  const handle = matcher[type] as (callback: Callback) => Result;
  return handle(callback);
}
