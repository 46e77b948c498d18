import { z } from 'zod';
import { httpCallbackSchema, storedHttpCallbackSchema } from './http-callback.ts';
import { natsCallbackSchema, storedNatsCallbackSchema } from './nats-callback.ts';

/** Every way to deliver a callback: the values of `callback_type` and of the discriminator `type`. */
export const CALLBACK_TYPES = ['http', 'nats'] as const;
export const callbackTypeSchema = z.enum(CALLBACK_TYPES);
export type CallbackType = (typeof CALLBACK_TYPES)[number];

/**
 * A callback in a request, discriminated on `type`. Strict: rejects unknown fields and illegal values.
 *
 * @example
 * callbackConfigSchema.parse({ type: 'http', url: 'https://example.com/hook', payload: { order: 42 } });
 * callbackConfigSchema.parse({ type: 'nats', topic: 'orders.due', key: '42' });
 */
export const callbackConfigSchema = z
  .discriminatedUnion('type', [httpCallbackSchema, natsCallbackSchema])
  .meta({ id: 'CallbackConfig' });
export type CallbackConfig = z.infer<typeof callbackConfigSchema>;

/**
 * A callback in a stored row. Tolerant: rows outlive every version of the request schema, and the rows of the first
 * service must be delivered as before.
 */
export const storedCallbackConfigSchema = z.discriminatedUnion('type', [
  storedHttpCallbackSchema,
  storedNatsCallbackSchema,
]);
export type StoredCallbackConfig = z.infer<typeof storedCallbackConfigSchema>;
