import { isUtf8 } from 'node:buffer';
import type { FastifyInstance, FastifyRequest } from 'fastify';
import { validationError } from './api-error.ts';
import { findLossyNumber } from './lossy-number.ts';
import { issuePath } from './validation.ts';

function invalidBody(message: string): Error {
  return validationError([{ path: 'body', message }]);
}

/** @throws {ApiError} code 2 when JSON.parse changes a number in the text */
async function checkNumbers(text: string): Promise<void> {
  const issue = await findLossyNumber(text);
  if (issue !== undefined)
    throw validationError([{ path: issuePath('body', issue.path), message: issue.message }]);
}

/**
 * Accepts application/json bodies only. An empty body counts as absent, because clients send the content type with
 * requests that need no body. Rejects keys that could reach a prototype (`__proto__`, `constructor.prototype`) and
 * numbers that would not arrive as they were sent.
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
      const text = body.toString('utf8');
      void parse(request, text, (error, value) => {
        if (error) done(invalidBody('must be JSON without the keys __proto__ and constructor.prototype'));
        else
          checkNumbers(text).then(() => {
            done(null, value);
          }, done);
      });
    },
  );
}
