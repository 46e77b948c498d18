/** The header of HTTP requests and NATS messages that carries the name of the callback. It is not signed. */
export const CALLBACK_NAME_HEADER = 'timer-callback';

const NAME = /^[A-Za-z0-9][A-Za-z0-9._:/-]{0,127}$/;

/**
 * Returns a name that can be sent as a header.
 * @throws {TypeError} if the text is not one
 */
export function checkCallbackName<Name extends string>(name: Name): Name {
  // Callers without types pass anything.
  const text: unknown = name;
  if (typeof text === 'string' && NAME.test(text)) return name;
  const got = typeof text === 'string' ? JSON.stringify(text.slice(0, 200)) : typeof text;
  throw new TypeError(
    `The name of a callback must have 1 to 128 letters, digits and . _ : / -, and start with a letter or digit; got ${got}`,
  );
}
