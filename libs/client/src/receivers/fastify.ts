import type { IncomingMessage, ServerResponse } from 'node:http';
import { disconnectSignal } from './node-request.ts';
import type { Receiver } from './receiver.ts';

interface FastifyRequestLike {
  readonly method: string;
  readonly headers: IncomingMessage['headers'];
  readonly body: unknown;
}

interface FastifyReplyLike {
  readonly raw: ServerResponse;
  code(status: number): unknown;
  headers(headers: Record<string, string>): unknown;
  send(body: string): unknown;
}

type Done = (error: Error | null, body: unknown) => void;

/** What is used of a Fastify instance. */
interface FastifyLike {
  removeAllContentTypeParsers(): void;
  addContentTypeParser(
    contentType: string,
    options: { parseAs: 'buffer'; bodyLimit: number },
    parser: (request: unknown, body: Buffer, done: Done) => void,
  ): unknown;
  post(
    path: string,
    handler: (request: FastifyRequestLike, reply: FastifyReplyLike) => Promise<unknown>,
  ): unknown;
}

/**
 * A plugin for Fastify: a POST route that gets the body as received. The body parsers of the other routes do not change.
 *
 * @example
 * await app.register(fastifyPlugin(receiver), { prefix: '/callbacks' });
 */
export function fastifyPlugin<Transaction>(
  receiver: Receiver<Transaction>,
): (instance: FastifyLike) => Promise<void> {
  return async (instance) => {
    instance.removeAllContentTypeParsers();
    instance.addContentTypeParser(
      '*',
      { parseAs: 'buffer', bodyLimit: receiver.maxBodyBytes },
      (_, body, done) => {
        done(null, body);
      },
    );
    instance.post('/', async ({ body, headers, method }, reply) => {
      const signal = disconnectSignal(reply.raw);
      const bytes = body instanceof Uint8Array ? body : new Uint8Array();
      const response = await receiver.handle({ method, headers, body: bytes, signal });
      reply.code(response.status);
      reply.headers({ ...response.headers });
      return reply.send(response.body);
    });
    return Promise.resolve();
  };
}
