import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import { buffer } from 'node:stream/consumers';
import express from 'express';
import fastify from 'fastify';
import { expressHandler } from '../receivers/express.ts';
import { fastifyPlugin } from '../receivers/fastify.ts';
import { nodeListener } from '../receivers/node.ts';
import type { Receiver } from '../receivers/receiver.ts';

/** A server of a real library that passes POST /callbacks to the receiver. */
type ServerOf = (receiver: Receiver) => Server | Promise<Server>;

/** What Deno, Bun and edge runtimes do: Node.js has no server for web requests. */
async function serveWeb(
  receiver: Receiver,
  message: IncomingMessage,
  response: ServerResponse,
): Promise<void> {
  const body = await buffer(message);
  const request = new Request(`http://127.0.0.1${message.url ?? ''}`, {
    method: message.method ?? '',
    headers: Object.entries(message.headers).map(
      ([name, value]) => [name, String(value)] as [string, string],
    ),
    ...(body.length > 0 && { body: new Uint8Array(body) }),
  });
  const result = await receiver.fetch(request);
  response.writeHead(result.status, Object.fromEntries(result.headers)).end(await result.text());
}

export const HTTP_LIBRARIES: readonly (readonly [string, ServerOf])[] = [
  ['node:http', (receiver) => createServer(nodeListener(receiver))],
  [
    'web requests',
    (receiver) =>
      createServer((message, response) => {
        void serveWeb(receiver, message, response);
      }),
  ],
  [
    'express',
    (receiver) => {
      const app = express();
      app.post('/callbacks', expressHandler(receiver));
      app.use(express.json());
      return createServer(app);
    },
  ],
  [
    'fastify',
    async (receiver) => {
      const app = fastify();
      await app.register(fastifyPlugin(receiver), { prefix: '/callbacks' });
      app.post('/other', ({ body }) => body);
      await app.ready();
      return app.server;
    },
  ],
];
