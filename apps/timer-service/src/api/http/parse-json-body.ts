import { isUtf8 } from 'node:buffer';
import type { FastifyInstance, FastifyRequest } from 'fastify';
import { validationError } from './api-error.ts';

function invalidBody(message: string): Error {
  return validationError([{ path: 'body', message }]);
}

/**
 * Accepts application/json bodies only. An empty body counts as absent, because clients send the content type with
 * requests that need no body. Rejects keys that could reach a prototype (`__proto__`, `constructor.prototype`).
 */
export function parseJsonBodies(app: FastifyInstance): void {
  const parse = app.getDefaultJsonParser('error', 'error');
  app.removeAllContentTypeParsers();
  app.addContentTypeParser(
    'application/json',
    { parseAs: 'buffer' },
    (request: FastifyRequest, body: Buffer, done: (error: Error | null, body?: unknown) => void): void => {
      if (body.length === 0) {
        done(null, undefined);
        return;
      }
      // Decoding would silently replace invalid bytes with U+FFFD.
      if (!isUtf8(body)) {
        done(invalidBody('must be UTF-8'));
        return;
      }
      void parse(request, body.toString('utf8'), (error, value) => {
        if (error) done(invalidBody('must be JSON without the keys __proto__ and constructor.prototype'));
        else done(null, value);
      });
    },
  );
}
