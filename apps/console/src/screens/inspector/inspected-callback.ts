/** A callback that the service has received itself, as `GET /inspector` lists it. */
export interface InspectedCallback {
  readonly receivedAt: string;
  readonly path: string;
  readonly headers: Readonly<Record<string, string | readonly string[] | undefined>>;
  readonly body: unknown;
}

const UUID = /^[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}/i;

/** The timer that a callback is of: webhook-id is its id, with `-1`, `-2`, … after changes. */
export function timerOf({ headers }: InspectedCallback): string | undefined {
  const id = headers['webhook-id'];
  return typeof id === 'string' ? UUID.exec(id)?.[0] : undefined;
}

/** Names each callback of a list: two may have arrived in one millisecond. */
export function keyOf(callback: InspectedCallback): string {
  return [
    callback.receivedAt,
    callback.path,
    callback.headers['webhook-id'],
    callback.headers['webhook-attempt'],
  ].join(' ');
}

/** Whether a text is in the path, the headers or the body. */
export function mentions(callback: InspectedCallback, text: string): boolean {
  return JSON.stringify(callback).toLowerCase().includes(text.toLowerCase());
}
