import { WEBHOOK_HEADERS } from '@timer-platform/callback-types';
import type { OpenAPIV3_1 } from 'openapi-types';

const DESCRIPTION = `The request that the service sends when a timer with an HTTP callback is due: a POST to the \`url\` of the callback, with its headers.

Delivered at least once: remember the \`webhook-id\` of what was handled. Redirects are not followed. Without a response within \`timeout_ms\` (30 s by default) the attempt has failed.`;

const HEADERS: OpenAPIV3_1.ParameterObject[] = [
  {
    in: 'header',
    name: WEBHOOK_HEADERS.id,
    required: true,
    description: 'Id of the message, the same on every attempt. Starts with the id of the timer',
    schema: { type: 'string' },
    example: '019ab3c4-6e0f-7c11-9a51-0b2d5f5f3c5e',
  },
  {
    in: 'header',
    name: WEBHOOK_HEADERS.timestamp,
    required: true,
    description: 'When the attempt started, in seconds since 1970',
    schema: { type: 'integer' },
    example: 1_795_381_200,
  },
  {
    in: 'header',
    name: WEBHOOK_HEADERS.attempt,
    required: true,
    description: 'Number of the attempt, from 1. Not signed',
    schema: { type: 'integer', minimum: 1 },
    example: 1,
  },
  {
    in: 'header',
    name: WEBHOOK_HEADERS.signature,
    required: false,
    description:
      'Signatures according to Standard Webhooks, separated by spaces; absent if the service has no signing secret',
    schema: { type: 'string' },
    example: 'v1,K5oZfzN95Z9UVu1EsfQmfVNQhnkZ2pj9o9NDN/H/pI4=',
  },
];

const RETRY_AFTER: Record<string, OpenAPIV3_1.HeaderObject> = {
  'Retry-After': {
    description: 'Seconds, or an HTTP date: the retry is not earlier, if that is within 24 hours',
    schema: { type: 'string' },
    example: '120',
  },
};

/** What the service sends to receivers, and what their responses mean. */
export const WEBHOOKS: Record<string, OpenAPIV3_1.PathItemObject> = {
  callback: {
    post: {
      operationId: 'deliverCallback',
      tags: ['callbacks'],
      summary: 'A timer is due',
      description: DESCRIPTION,
      security: [],
      parameters: HEADERS,
      requestBody: {
        description: 'The payload of the callback; no body if it is null or absent',
        required: false,
        content: { 'application/json': { schema: { description: 'Any JSON value' } } },
      },
      responses: {
        '2XX': { description: 'Delivered: the timer is completed. The body is ignored' },
        '410': { description: 'Never deliver it: the timer fails without further attempts' },
        default: {
          description:
            'Retried according to the policy of the timer; by default ten attempts in about 16 hours',
          headers: RETRY_AFTER,
        },
      },
    },
  },
};
