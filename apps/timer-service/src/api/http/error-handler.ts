import { STATUS_CODES } from 'node:http';
import type { Socket } from 'node:net';
import type { ErrorResponse } from '@timer-platform/callback-types';
import { classifyFailure } from '@timer-platform/database';
import type { FastifyReply, FastifyRequest } from 'fastify';
import { ApiError, validationError } from './api-error.ts';

/** The body that tells a client about an error. */
function errorBody(error: ApiError): ErrorResponse {
  const body: ErrorResponse = { code: error.code, message: error.message, data: null };
  return error.issues === undefined ? body : { ...body, errors: [...error.issues] };
}

interface ThrownFields {
  readonly name?: unknown;
  readonly code?: unknown;
  readonly message?: unknown;
  readonly stack?: unknown;
  readonly statusCode?: unknown;
}

function fieldsOf(error: unknown): ThrownFields {
  return typeof error === 'object' && error !== null ? error : { message: String(error) };
}

/** What may be logged of an error: those of a database also hold parts of rows, and rows hold secrets. */
function loggable(error: unknown): object {
  const { name, code, message, stack } = fieldsOf(error);
  return { name, code, message, stack };
}

/** Faults of the client that the framework found, as this API tells them. */
function frameworkError({ code, statusCode }: ThrownFields): ApiError | undefined {
  switch (code) {
    case 'FST_ERR_CTP_BODY_TOO_LARGE':
      return new ApiError('payloadTooLarge', 'the body is too large');
    case 'FST_ERR_CTP_INVALID_MEDIA_TYPE':
      return new ApiError('unsupportedMediaType', 'send the body with Content-Type: application/json');
    case 'FST_ERR_CTP_INVALID_CONTENT_LENGTH':
      return validationError([{ path: 'headers.content-length', message: 'does not match the body' }]);
    case 'FST_ERR_BAD_URL':
      return validationError([{ path: 'path', message: 'has a malformed percent-encoding' }]);
    case 'FST_ERR_MAX_PARAM_LENGTH':
      return validationError([{ path: 'path', message: 'is too long' }]);
  }
  const clientFault = typeof statusCode === 'number' && statusCode >= 400 && statusCode < 500;
  return clientFault ? new ApiError('validation', 'the request is not valid') : undefined;
}

/** Folds whatever a route or the framework threw into an answer; what is no fault of the client is logged. */
export function toApiError(error: unknown, request: FastifyRequest): ApiError {
  if (error instanceof ApiError) return error;
  const known = frameworkError(fieldsOf(error));
  if (known !== undefined) return known;
  const failure = classifyFailure(error);
  request.log.error({ err: loggable(error), failure, route: request.routeOptions.url }, 'request failed');
  switch (failure) {
    case 'refused-value':
      return new ApiError('validation', 'the request holds a value that the database cannot store');
    case 'not-yet':
      return validationError([
        {
          path: 'callback.type',
          message:
            'must be http until the migration of the database has ended: run migrator:online -- contract',
        },
      ]);
    case 'unreachable':
      return new ApiError('internal', 'the database cannot be reached');
    case 'too-slow':
      return new ApiError('internal', 'the database took too long; ask for less, or by a filter');
    case 'other':
      return new ApiError('internal', 'internal error');
  }
}

/** Sends an error as the answer. */
export function sendError(error: ApiError, reply: FastifyReply): FastifyReply {
  return reply
    .code(error.status)
    .headers({ ...error.headers })
    .type('application/json; charset=utf-8')
    .send(JSON.stringify(errorBody(error)));
}

/** Answers what could not even be read as an HTTP request, and closes the connection. */
export function respondToMalformedRequest(error: { readonly code?: string }, socket: Socket): void {
  if (error.code === 'ECONNRESET' || !socket.writable) {
    socket.destroy();
    return;
  }
  const status = { HPE_HEADER_OVERFLOW: 431, ERR_HTTP_REQUEST_TIMEOUT: 408 }[error.code ?? ''] ?? 400;
  const body = JSON.stringify(
    errorBody(new ApiError('validation', 'this is not an HTTP request that can be read')),
  );
  socket.end(
    `HTTP/1.1 ${status} ${STATUS_CODES[status] ?? ''}\r\nContent-Type: application/json; charset=utf-8\r\n` +
      `Content-Length: ${Buffer.byteLength(body)}\r\nConnection: close\r\n\r\n${body}`,
  );
}
