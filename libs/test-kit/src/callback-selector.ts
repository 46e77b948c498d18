import { canParseUrl } from '@timer-platform/callback-types';

/** Which callbacks are meant; can be sent to another process. */
export type CallbackSelector =
  | { readonly kind: 'all' }
  /** The name of a definition, in the header `timer-callback`. */
  | { readonly kind: 'name'; readonly name: string }
  /** The path of a URL, whatever its host and query. */
  | { readonly kind: 'path'; readonly path: string }
  /** A URL without its query. */
  | { readonly kind: 'url'; readonly url: string }
  /** The name of a definition, or a NATS subject. */
  | { readonly kind: 'word'; readonly word: string };

/** What a selector is compared with. */
export interface CallbackTarget {
  readonly name: string | null;
  /** null: the callback is a NATS message. */
  readonly url: string | null;
  /** null: the callback is an HTTP request. */
  readonly subject: string | null;
}

/**
 * Names callbacks: a definition (anything with a `name`), a URL, the path of a URL (`/reminders`), the name of a
 * definition, or a NATS subject.
 */
export type Callback = string | { readonly name: string };

/** The header by which receivers tell the definitions of callbacks apart. */
export const NAME_HEADER = 'timer-callback';

export function selectorOf(callback: Callback | undefined): CallbackSelector {
  if (callback === undefined) return { kind: 'all' };
  if (typeof callback !== 'string') return { kind: 'name', name: callback.name };
  if (callback.startsWith('/')) return { kind: 'path', path: callback };
  if (/^https?:\/\//i.test(callback)) return { kind: 'url', url: withoutQuery(callback) };
  return { kind: 'word', word: callback };
}

/** The URL as the URL parser prints it, without query and fragment. */
function withoutQuery(text: string): string {
  if (!canParseUrl(text)) return text;
  const { origin, pathname } = new URL(text);
  return origin + pathname;
}

function pathOf(text: string): string {
  return canParseUrl(text) ? new URL(text).pathname : text;
}

export function matches(selector: CallbackSelector, { name, url, subject }: CallbackTarget): boolean {
  switch (selector.kind) {
    case 'all':
      return true;
    case 'name':
      return name === selector.name;
    case 'path':
      return url !== null && pathOf(url) === selector.path;
    case 'url':
      return url !== null && withoutQuery(url) === selector.url;
    case 'word':
      return name === selector.word || subject === selector.word;
  }
}

/** For messages. */
export function describeSelector(selector: CallbackSelector): string {
  switch (selector.kind) {
    case 'all':
      return 'any callback';
    case 'name':
      return `callback "${selector.name}"`;
    case 'path':
      return selector.path;
    case 'url':
      return selector.url;
    case 'word':
      return `"${selector.word}"`;
  }
}
