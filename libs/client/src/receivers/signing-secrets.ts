const PREFIX = 'whsec_';
/** Standard Webhooks requires 24 to 64 random bytes. */
const MIN_BYTES = 24;

function isSecret(text: string): boolean {
  if (!text.startsWith(PREFIX)) return false;
  try {
    return atob(text.slice(PREFIX.length)).length >= MIN_BYTES;
  } catch {
    return false;
  }
}

/**
 * The secrets of a receiver, checked once instead of with every request.
 *
 * @param secrets one or several; a text may have several, separated by commas, as SIGNING_SECRETS of the service does
 * @throws {TypeError} if there is none or one is malformed. The message does not contain it
 */
export function parseSecrets(secrets: string | readonly string[] | undefined): readonly string[] {
  const texts = (typeof secrets === 'string' ? [secrets] : (secrets ?? []))
    .flatMap((text) => text.split(','))
    .map((text) => text.trim())
    .filter((text) => text !== '');
  if (texts.length === 0)
    throw new TypeError(
      'createReceiver needs secrets: pass SIGNING_SECRETS of the timer service. Is an environment variable missing? acceptUnsigned: true lets anyone who can reach the receiver call its handlers',
    );
  const malformed = texts.findIndex((text) => !isSecret(text));
  if (malformed >= 0)
    throw new TypeError(
      `Secret ${malformed + 1} of ${texts.length} must be whsec_ followed by at least ${MIN_BYTES} bytes in base64`,
    );
  return texts;
}
