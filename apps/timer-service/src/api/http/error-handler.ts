import { STATUS_CODES } from 'node:http';
import type { Socket } from 'node:net';
import type { ErrorResponse } from '@timer-platform/callback-types';
import { classifyFailure } from '@timer-platform/database';
import type { FastifyReply, FastifyRequest } from 'fastify';
import { ApiError, validationError } from './api-error.ts';

/** The response body for an error. */
function errorBody(error: ApiError): ErrorResponse {
  const { code, message, issues, reason, timerStatus } = error;
  return {
    code,
    message,
    data: null,
    ...(issues !== undefined && { errors: [...issues] }),
    ...(reason !== undefined && { reason }),
    ...(timerStatus !== undefined && { status: timerStatus }),
  };
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

/** The loggable fields of an error. Other fields of database errors contain parts of rows, which may be secret. */
function loggable(error: unknown): object {
  const { name, code, message, stack } = fieldsOf(error);
  return { name, code, message, stack };
}

/** Maps an error that the framework raised for an invalid request; undefined for other errors. */
function clientError({ code, statusCode }: ThrownFields, bodyLimit: number): ApiError | undefined {
  switch (code) {
    case 'FST_ERR_CTP_BODY_TOO_LARGE':
      return new ApiError('payloadTooLarge', `the body exceeds the limit of ${bodyLimit} bytes`);
    case 'FST_ERR_CTP_INVALID_MEDIA_TYPE':
      return new ApiError(
        'unsupportedMediaType',
        'the body must be sent with Content-Type: application/json',
      );
    case 'FST_ERR_CTP_INVALID_CONTENT_LENGTH':
      return validationError([
        { path: 'headers.content-length', message: 'does not match the length of the body' },
      ]);
    case 'FST_ERR_BAD_URL':
      return validationError([{ path: 'path', message: 'has malformed percent-encoding' }]);
    case 'FST_ERR_MAX_PARAM_LENGTH':
      return validationError([{ path: 'path', message: 'is too long' }]);
  }
  const isClientError = typeof statusCode === 'number' && statusCode >= 400 && statusCode < 500;
  return isClientError ? new ApiError('validation', 'invalid request') : undefined;
}

/** Maps any error that a route or the framework threw to an error response. Logs it unless it is a client error. */
export function toApiError(error: unknown, request: FastifyRequest): ApiError {
  if (error instanceof ApiError) return error;
  const known = clientError(fieldsOf(error), request.routeOptions.bodyLimit);
  if (known !== undefined) return known;
  const failure = classifyFailure(error);
  const route = request.routeOptions.url;
  if (failure === 'invalid-value' || failure === 'callback-too-large')
    request.log.info({ reason: fieldsOf(error).message, failure, route }, 'request rejected by the database');
  else request.log.error({ err: loggable(error), failure, route }, 'request failed');
  switch (failure) {
    case 'callback-too-large':
      return new ApiError(
        'payloadTooLarge',
        'callback: must be at most 3145728 bytes as PostgreSQL prints it, with all digits of numbers',
      );
    case 'read-only':
      return new ApiError('internal', 'the database is read-only; retry later');
    case 'privilege-missing':
      return new ApiError('internal', 'the database role lacks a privilege; /healthz has the reason');
    case 'invalid-value':
      return new ApiError('validation', 'the request contains a value that the database cannot store');
    case 'blocked-by-migration':
      return validationError([
        {
          path: 'callback.type',
          message:
            'must be http, and headers must not be encrypted (HEADER_ENCRYPTION_KEYS), until the database migration is complete: run npx nx run migrator:online -- contract',
        },
      ]);
    case 'unreachable':
      return new ApiError('internal', 'the database is unreachable; retry later');
    case 'timeout':
      return new ApiError('internal', 'the database query timed out; use a filter or a smaller limit');
    case 'other':
      return new ApiError('internal', 'internal error; the service log has the cause');
  }
}

/** Sends an error response. */
export function sendError(error: ApiError, reply: FastifyReply): FastifyReply {
  return reply
    .code(error.status)
    .headers({ ...error.headers })
    .type('application/json; charset=utf-8')
    .send(JSON.stringify(errorBody(error)));
}

/** Responds to bytes that could not be parsed as an HTTP request, and closes the connection. */
export function respondToMalformedRequest(error: { readonly code?: string }, socket: Socket): void {
  if (error.code === 'ECONNRESET' || !socket.writable) {
    socket.destroy();
    return;
  }
  const status = { HPE_HEADER_OVERFLOW: 431, ERR_HTTP_REQUEST_TIMEOUT: 408 }[error.code ?? ''] ?? 400;
  const body = JSON.stringify(errorBody(new ApiError('validation', 'malformed HTTP request')));
  socket.end(
    `HTTP/1.1 ${status} ${STATUS_CODES[status] ?? ''}\r\nContent-Type: application/json; charset=utf-8\r\n` +
      `Content-Length: ${Buffer.byteLength(body)}\r\nConnection: close\r\n\r\n${body}`,
  );
}
