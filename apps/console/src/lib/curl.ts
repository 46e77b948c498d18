/** A request to show as a command. */
export interface CurlRequest {
  readonly method: string;
  readonly url: string;
  readonly headers?: Readonly<Record<string, string>>;
  /** Sent as JSON; undefined: no body. */
  readonly body?: unknown;
}

/** Characters that a shell takes as they are, without quotes. */
const PLAIN = /^[\w@%+=:,./-]+$/;

/** One word of a shell, whatever is in the text. */
function quote(text: string): string {
  return PLAIN.test(text) ? text : `'${text.replaceAll("'", String.raw`'\''`)}'`;
}

/**
 * The request as a command for a terminal. A header whose value is a variable (`$TIMER_API_KEY`) is expanded by the shell,
 * everything else is sent as it is.
 */
export function curlOf({ method, url, headers = {}, body }: CurlRequest): string {
  const hasBody = body !== undefined;
  const words = [
    `curl ${(method === 'GET' && !hasBody) || (method === 'POST' && hasBody) ? '' : `-X ${method} `}${quote(url)}`,
    ...Object.entries({ ...headers, ...(hasBody ? { 'Content-Type': 'application/json' } : {}) }).map(
      ([name, value]) =>
        /^\$[A-Z_]+$/.test(value) ? `-H "${name}: ${value}"` : `-H ${quote(`${name}: ${value}`)}`,
    ),
    ...(hasBody ? [`--data-raw ${quote(JSON.stringify(body, null, 2))}`] : []),
  ];
  return words.join(' \\\n  ');
}

/** The header with the key of a request to the API, which the shell knows. */
export const API_KEY_HEADER = { 'X-API-Key': '$TIMER_API_KEY' };
