import { useRef } from 'react';

/**
 * A function that names requests for `Idempotency-Key`: the same body gets the same name, so that a request whose answer was
 * lost can be sent again.
 */
export function useRequestKey(): (body: unknown) => string {
  const last = useRef({ text: '', key: '' });
  return (body) => {
    const text = JSON.stringify(body);
    if (last.current.text !== text) last.current = { text, key: randomKey() };
    return last.current.key;
  };
}

/** Not randomUUID: browsers have it on HTTPS and on localhost only. */
function randomKey(): string {
  const bytes = crypto.getRandomValues(new Uint8Array(16));
  return `console-${Array.from(bytes, (byte) => byte.toString(16).padStart(2, '0')).join('')}`;
}
