/** Headers of `fetch`, of Node.js, or pairs. Names are case-insensitive. */
export type ReceivedHeaders =
  Iterable<readonly [string, string]> | Readonly<Record<string, string | readonly string[] | undefined>>;

function isPairs(headers: ReceivedHeaders): headers is Iterable<readonly [string, string]> {
  return Symbol.iterator in headers;
}

/** Names in lower case. Of repeated headers the values are joined, as fetch does. */
export function headersByName(headers: ReceivedHeaders): Readonly<Record<string, string>> {
  const pairs = isPairs(headers) ? headers : Object.entries(headers);
  const byName = new Map<string, string>();
  for (const [name, value] of pairs) {
    if (value === undefined) continue;
    const lower = name.toLowerCase();
    const text = typeof value === 'string' ? value : value.join(', ');
    const previous = byName.get(lower);
    byName.set(lower, previous === undefined ? text : `${previous}, ${text}`);
  }
  return Object.fromEntries(byName);
}
