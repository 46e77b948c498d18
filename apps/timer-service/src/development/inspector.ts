import type { FastifyInstance } from 'fastify';

/** A callback that the inspector received. */
export interface InspectedCallback {
  readonly receivedAt: string;
  readonly path: string;
  readonly headers: Readonly<Record<string, string | string[] | undefined>>;
  readonly body: unknown;
}

const MAX_CALLBACKS = 100;
/** Headers that the list shows; the others belong to the connection. */
const SHOWN_HEADERS = /^(content-type|user-agent|webhook-.*|x-.*)$/;

/**
 * A receiver for callbacks in development mode: it records every POST below `/inspector` and responds with 200;
 * GET /inspector lists the last 100, newest first.
 */
export class Inspector {
  readonly #callbacks: InspectedCallback[] = [];
  readonly #listeners = new Set<(callback: InspectedCallback) => void>();

  /** Calls the listener for each callback from now on. Returns a function that removes the listener. */
  listen(listener: (callback: InspectedCallback) => void): () => void {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }

  /** Adds the routes. Register them outside the API key check: callbacks carry no key. */
  readonly routes = (app: FastifyInstance): void => {
    app.removeAllContentTypeParsers();
    app.addContentTypeParser('*', { parseAs: 'string' }, (_request, body, done) => {
      done(null, body);
    });
    app.post('/inspector/*', { schema: { hide: true } }, async (request, reply) => {
      this.#receive({
        receivedAt: new Date(performance.timeOrigin + performance.now()).toISOString(),
        path: request.url,
        headers: Object.fromEntries(
          Object.entries(request.headers).filter(([name]) => SHOWN_HEADERS.test(name)),
        ),
        body: readJson(request.body),
      });
      return reply.code(200).send({ received: true });
    });
    app.get('/inspector', { schema: { hide: true } }, () => ({ callbacks: this.#callbacks.toReversed() }));
  };

  #receive(callback: InspectedCallback): void {
    this.#callbacks.push(callback);
    if (this.#callbacks.length > MAX_CALLBACKS) this.#callbacks.shift();
    for (const listener of this.#listeners) listener(callback);
  }
}

function readJson(body: unknown): unknown {
  if (typeof body !== 'string') return null;
  try {
    return JSON.parse(body);
  } catch {
    return body;
  }
}
