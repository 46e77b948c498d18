import type { Timer, TimerCallback } from '@timer-platform/callback-types';
import { isSecretName, MASK } from './secrets.ts';

/** A text that a shell passes on unchanged. */
function quote(text: string): string {
  return `'${text.replaceAll("'", String.raw`'\''`)}'`;
}

/** The variable that stands for a secret: never that of the API key, which a receiver must not get. */
function variableOf(name: string): string {
  return `SECRET_${name.toUpperCase().replaceAll(/[^A-Z0-9]+/g, '_')}`;
}

/** A mark for variables that the text does not have, so that nobody else's text becomes a variable. */
function freeMark(text: string): string {
  let mark = '\uFFFF';
  while (text.includes(mark)) mark += '\uFFFF';
  return mark;
}

/** A text for a shell, with variables where it is marked. */
function quoteMarked(text: string, mark: string): string {
  const parts = text.split(new RegExp(`${mark}(\\w+)${mark}`, 'u'));
  return parts
    .map((part, index) => (index % 2 === 1 ? `"$${part}"` : part === '' ? '' : quote(part)))
    .join('');
}

/** The callback with marked variables in place of secrets and of what the service has masked. */
function withoutSecrets(callback: TimerCallback, mark: string): Record<string, unknown> {
  const { headers, ...fields }: Record<string, unknown> & TimerCallback = { ...callback };
  const hidden = (name: string) => `${mark}${variableOf(name)}${mark}`;
  if (callback.type === 'http') fields['url'] = hideInUrl(callback.url, hidden);
  if (typeof headers !== 'object' || headers === null) return fields;
  const shown = Object.entries(headers).map(([name, value]) => [
    name,
    isSecretName(name) || value === MASK ? hidden(name) : value,
  ]);
  return { ...fields, headers: Object.fromEntries(shown) as unknown };
}

function hideInUrl(url: string, hidden: (name: string) => string): string {
  const [address = '', ...fragment] = url.split('#');
  const [path = '', ...query] = address.split('?');
  const shown = query
    .join('?')
    .replaceAll(/([^&;=]+)=([^&;]*)/g, (whole, name: string, value: string) =>
      isSecretName(name) || value === MASK ? `${name}=${hidden(name)}` : whole,
    );
  return [query.length > 0 ? `${path}?${shown}` : path, ...fragment].join('#');
}

const NEXT_LINE = ' \\\n  ';
const JSON_TYPE = `-H 'Content-Type: application/json'`;
const KEY = '-H "X-API-Key: $API_KEY"';

/** The command that reads a timer. @param api URL of the API */
export function curlToRead(api: string, id: string): string {
  return [`curl -s ${quote(`${api}/timers/${id}`)}`, KEY].join(NEXT_LINE);
}

/**
 * The command that stores a timer like this one, due at the same instant if that is to come, otherwise now. Without its
 * key, which an unfinished timer may have.
 * @param api URL of the API
 * @param now milliseconds
 */
export function curlToStore(api: string, timer: Timer, now: number): string {
  const { execute_at, callback, metadata, retry, expires_at } = timer;
  const mark = freeMark(JSON.stringify(timer));
  const body = {
    ...(Date.parse(execute_at) > now ? { execute_at } : { delay: '0s' }),
    callback: withoutSecrets(callback, mark),
    ...(metadata === null ? {} : { metadata }),
    ...(retry === null ? {} : { retry }),
    ...(expires_at !== null && Date.parse(expires_at) > now ? { expires_at } : {}),
  };
  return [
    `curl -s ${quote(`${api}/timers`)}`,
    KEY,
    JSON_TYPE,
    `-d ${quoteMarked(JSON.stringify(body), mark)}`,
  ].join(NEXT_LINE);
}

/** The command that sends the callback as the service does, less its own headers; undefined if it is not HTTP. */
export function curlOfCallback(callback: TimerCallback): string | undefined {
  if (callback.type !== 'http') return undefined;
  const mark = freeMark(JSON.stringify(callback));
  const { url, headers, payload } = withoutSecrets(callback, mark);
  const lines = [`curl -i -X POST ${quoteMarked(String(url), mark)}`];
  for (const [name, value] of Object.entries((headers ?? {}) as Record<string, unknown>))
    if (typeof value === 'string') lines.push(`-H ${quoteMarked(`${name}: ${value}`, mark)}`);
  if (payload !== undefined && payload !== null)
    lines.push(JSON_TYPE, `-d ${quote(JSON.stringify(payload))}`);
  return lines.join(NEXT_LINE);
}
