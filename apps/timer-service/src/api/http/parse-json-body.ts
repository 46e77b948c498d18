import { isUtf8 } from 'node:buffer';
import type { FastifyInstance, FastifyRequest } from 'fastify';
import { validationError } from './api-error.ts';

function notJson(message: string): Error {
  return validationError([{ path: 'body', message }]);
}

/**
 * Makes application/json the one body that is taken. An empty body is no body: clients send the content type with
 * DELETE and with requests that need none. Keys that would reach a prototype (`__proto__`, `constructor.prototype`) are
 * refused.
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
      // Decoding would quietly put U+FFFD in place of broken bytes.
      if (!isUtf8(body)) {
        done(notJson('must be UTF-8'));
        return;
      }
      void parse(request, body.toString('utf8'), (error, value) => {
        if (error) done(notJson('must be JSON without the keys __proto__ and constructor.prototype'));
        else done(null, value);
      });
    },
  );
}
