import type { FastifyInstance } from 'fastify';

/** A callback that the inspector received. */
export interface InspectedCallback {
  readonly receivedAt: string;
  readonly path: string;
  readonly headers: Readonly<Record<string, string | string[] | undefined>>;
  readonly body: unknown;
}

/** How many callbacks are kept. */
const KEPT = 100;
/** Shown in lists; the other headers are the connection's. */
const SHOWN = /^(content-type|user-agent|webhook-.*|x-.*)$/;

/**
 * A receiver for callbacks, for trying things out: POST to any path below `/inspector` is answered 200 and remembered,
 * GET /inspector lists the newest first. Part of development mode alone.
 */
export class Inspector {
  readonly #callbacks: InspectedCallback[] = [];
  readonly #listeners = new Set<(callback: InspectedCallback) => void>();

  /** Calls back for each callback received from now on; returns what ends that. */
  listen(listener: (callback: InspectedCallback) => void): () => void {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }

  /** The routes, to be registered outside the check of API keys: receivers have none. */
  readonly routes = (app: FastifyInstance): void => {
    app.removeAllContentTypeParsers();
    app.addContentTypeParser('*', { parseAs: 'string' }, (_request, body, done) => {
      done(null, body);
    });
    app.post('/inspector/*', { schema: { hide: true } }, async (request, reply) => {
      this.#receive({
        receivedAt: new Date(performance.timeOrigin + performance.now()).toISOString(),
        path: request.url,
        headers: Object.fromEntries(Object.entries(request.headers).filter(([name]) => SHOWN.test(name))),
        body: readJson(request.body),
      });
      return reply.code(200).send({ received: true });
    });
    app.get('/inspector', { schema: { hide: true } }, () => ({ callbacks: this.#callbacks.toReversed() }));
  };

  #receive(callback: InspectedCallback): void {
    this.#callbacks.push(callback);
    if (this.#callbacks.length > KEPT) this.#callbacks.shift();
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
