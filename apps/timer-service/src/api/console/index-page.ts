function escapeAttribute(text: string): string {
  return text.replaceAll('&', '&amp;').replaceAll('"', '&quot;').replaceAll('<', '&lt;');
}

/**
 * The page as it was built, for a console at this place. `<base>` comes first, because it applies to what follows.
 *
 * @param html as built for any place
 * @param path of the console, such as `/console`
 * @param publicPath what a proxy removes from the start of paths
 * @throws if the page has no head
 */
export function indexPage(html: string, path: string, publicPath: string): string {
  const stripped = html
    .replaceAll(/\s*<base\b[^>]*>/g, '')
    .replaceAll(/\s*<meta\s+name="timer-api-base"[^>]*>/g, '');
  const base = escapeAttribute(`${publicPath}${path}/`);
  const apiBase = escapeAttribute(publicPath);
  const added = `<head>\n    <base href="${base}" />\n    <meta name="timer-api-base" content="${apiBase}" />`;
  if (!stripped.includes('<head>')) throw new Error('the page of the console has no <head>: build it again');
  return stripped.replace('<head>', () => added);
}
