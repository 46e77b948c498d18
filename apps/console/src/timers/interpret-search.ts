import { parseMetadataFilter } from './metadata-filter.ts';
import type { FilterName } from './timer-filters.ts';

/** Where a text in the search box leads: to a timer, or to a filter. */
export type SearchTarget =
  | { readonly kind: 'timer'; readonly id: string }
  | { readonly kind: 'filter'; readonly name: FilterName; readonly value: string };

const UUID = /^[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$/i;
const URL_ORIGIN = /^https?:\/\/[^/?#\\]+/i;

/**
 * What somebody means who pastes a text: the id of a timer, a URL or `nats:` topic, metadata, a key (which has no spaces),
 * or else a piece of an error.
 * @returns undefined for an empty text
 */
export function interpretSearch(typed: string): SearchTarget | undefined {
  const text = typed.trim();
  if (text === '') return undefined;
  if (UUID.test(text)) return { kind: 'timer', id: text.toLowerCase() };
  const destination = destinationIn(text);
  if (destination !== undefined) return { kind: 'filter', name: 'destination', value: destination };
  const metadata = /[={]/.test(text) ? parseMetadataFilter(text) : undefined;
  if (metadata !== undefined) return { kind: 'filter', name: 'metadata', value: metadata };
  const isKey = /^[\x21-\x7e]{1,255}$/.test(text);
  return { kind: 'filter', name: isKey ? 'key' : 'last_error', value: text };
}

/** The destination of a URL: in lower case, without user, and without the port that its scheme implies. */
function destinationIn(text: string): string | undefined {
  if (/^nats:[^\s]+$/.test(text)) return text;
  const [origin] = URL_ORIGIN.exec(text) ?? [];
  return origin
    ?.toLowerCase()
    .replace(/^(https?:\/\/).*@/, '$1')
    .replace(/^(http:\/\/.*):80$|^(https:\/\/.*):443$/, '$1$2');
}
