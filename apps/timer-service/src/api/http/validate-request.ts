import type { FastifySchemaCompiler } from 'fastify';
import type { z } from 'zod';
import { validationError } from './api-error.ts';
import { faultsOf, type RequestPart } from './request-faults.ts';

function isRequestPart(part: string): part is RequestPart {
  return part === 'body' || part === 'params' || part === 'querystring' || part === 'headers';
}

/** Validates a part of a request by its zod schema; the error names every fault in it. */
export const validateRequest: FastifySchemaCompiler<z.ZodType> = ({ schema, httpPart = 'body' }) => {
  const part = isRequestPart(httpPart) ? httpPart : 'body';
  return (data: unknown) => {
    const result = schema.safeParse(data);
    if (result.success) return { value: result.data };
    return { error: validationError(faultsOf(part, result.error.issues)) };
  };
};
