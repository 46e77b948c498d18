/** Where the console and the API are: the service writes both into index.html. */

/** Path of the console, with a slash at its end. */
export function consoleBase(): string {
  return new URL('.', document.baseURI).pathname;
}

/** What stands before the paths of the API: '' or a prefix without a slash at its end. */
export function apiBase(): string {
  const content = document.querySelector('meta[name="timer-api-base"]')?.getAttribute('content') ?? '';
  return content.replace(/\/+$/, '');
}
