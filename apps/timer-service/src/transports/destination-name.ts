/** Characters of a name. Longer ones are cut, so that PostgreSQL can index all of them. */
const MAX_CHARACTERS = 500;

/** Cuts by characters, as PostgreSQL counts them: never within a surrogate pair. */
function cut(name: string): string {
  return name.length <= MAX_CHARACTERS ? name : Array.from(name).slice(0, MAX_CHARACTERS).join('');
}

/** The destination of NATS callbacks with this topic, as timer_destination() in the database names it. */
export function natsDestinationName(topic: string): string {
  return cut(`nats:${topic}`);
}

/**
 * The destination of HTTP callbacks with this URL, as timer_destination() in the database names it: scheme, host and port,
 * in lower case, without credentials, a dot at the end or the default port. That function knows no IDNA and no other
 * notations of addresses, so both keep a host as it is spelled: the name is that of the endpoint unless the URL has, for
 * example, a host name that is not ASCII or an IPv6 address that is not in its shortest form.
 *
 * @param url one that the URL parser accepts; what it ignores is ignored here as well
 */
export function httpDestinationName(url: string): string {
  const [, scheme = '', authority = ''] =
    /^[\u0000-\u0020]*(https?):[/\\]*([^/\\?#]*)/i.exec(url.replace(/[\t\n\r]/g, '')) ?? [];
  const [, , host = '', digits = ''] =
    /^(.*@)?(\[[^\]]*\]|[^:]*)(?::([0-9]*))?[\u0000-\u0020]*$/su.exec(authority) ?? [];
  const lowerScheme = scheme.toLowerCase();
  const port = digits === '' ? '' : digits.replace(/^0+(?=[0-9])/, '');
  const isDefault = port === '' || port === (lowerScheme === 'http' ? '80' : '443');
  // Only ASCII: what is lower case beyond it depends on the collation of a database.
  const name = host.replace(/[A-Z]/g, (letter) => letter.toLowerCase()).replace(/\.?[\u0000-\u0020]*$/, '');
  return cut(`${lowerScheme}://${name}${isDefault ? '' : `:${port}`}`);
}
