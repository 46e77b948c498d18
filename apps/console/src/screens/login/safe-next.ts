/** Only decides whether an address begins with the path of the console. */
const ORIGIN = 'http://console.invalid';

/**
 * Where to go after the login.
 * @param next path that was requested; anybody may have written the link with it
 * @param base path of the console
 * @returns a path inside the console
 */
export function safeNext(next: string | undefined, base: string): string {
  const home = base.endsWith('/') ? base : `${base}/`;
  if (next === undefined || !next.startsWith('/')) return home;
  let url: URL;
  try {
    url = new URL(next, ORIGIN);
  } catch {
    return home;
  }
  if (url.origin !== ORIGIN || !`${url.pathname}/`.startsWith(home)) return home;
  return `${url.pathname}${url.search}`;
}
