import { httpDestinationName } from '../destination-name.ts';
import { normalizeHost } from '../egress/allowed-endpoint.ts';
import type { Destination } from '../transport.ts';

const MAX_PATH_CHARACTERS = 200;
/** Upper limits in milliseconds. */
const TIMEOUT_CLASSES = [
  [1_000, '<1s'],
  [3_000, '<3s'],
  [10_000, '<10s'],
  [30_000, '<30s'],
  [Infinity, '>=30s'],
] as const;

/** The destination of callbacks without a valid URL. */
export const INVALID_URL: Destination = {
  name: 'invalid URL',
  endpoint: 'invalid URL',
  route: 'invalid URL',
};

/** Whether a segment of a path identifies one of many resources: a number, or a long text with a digit. */
function isIdentifier(segment: string): boolean {
  return /^\d+$/.test(segment) || (segment.length >= 16 && /\d/.test(segment));
}

function routePath({ pathname }: URL): string {
  return pathname
    .split('/')
    .map((segment) => (isIdentifier(segment) ? '*' : segment))
    .join('/')
    .slice(0, MAX_PATH_CHARACTERS);
}

/**
 * Returns the destination of a URL's callbacks by their timeout. The endpoint is scheme, host and port. The route is the
 * endpoint, the path without identifiers, and the class of the timeout: callbacks with short timeouts must not open the
 * circuit breaker of callbacks that wait longer.
 *
 * @param text the URL as it is stored
 */
export function httpDestinations(url: URL, text: string): (timeoutMs: number) => Destination {
  const port = url.port === '' ? '' : `:${url.port}`;
  const endpoint = `${url.protocol}//${normalizeHost(url.hostname)}${port}`;
  const path = routePath(url);
  const name = httpDestinationName(text);
  const destinations = TIMEOUT_CLASSES.map(([, timeout]) => ({
    name,
    endpoint,
    route: `${endpoint}${path} ${timeout}`,
  }));
  return (timeoutMs) =>
    destinations[TIMEOUT_CLASSES.findIndex(([limitMs]) => timeoutMs < limitMs)] ?? INVALID_URL;
}
