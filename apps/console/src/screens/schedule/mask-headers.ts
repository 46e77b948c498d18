import type { Schedule } from '@timer-platform/callback-types';
import { isSecretName } from '../timer/secrets.ts';

/** A callback to look at: the values of headers with secrets are hidden, as on the screen of a timer. */
export function maskHeaders(callback: Schedule['callback']): unknown {
  if (callback.headers === undefined || callback.headers === null) return callback;
  const headers = Object.entries(callback.headers).map(([name, value]) => [
    name,
    isSecretName(name) ? '••••••' : value,
  ]);
  return { ...callback, headers: Object.fromEntries(headers) as unknown };
}
