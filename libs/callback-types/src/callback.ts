import { z } from 'zod';
import { httpCallbackSchema, storedHttpCallbackSchema } from './http-callback.ts';
import { natsCallbackSchema, storedNatsCallbackSchema } from './nats-callback.ts';

/** Every way to deliver a callback, as `callback_type` and as the discriminator `type`. */
export const CALLBACK_TYPES = ['http', 'nats'] as const;
export const callbackTypeSchema = z.enum(CALLBACK_TYPES);
export type CallbackType = (typeof CALLBACK_TYPES)[number];

/**
 * A callback as a request gives it, discriminated on `type`. Strict: unknown fields and illegal values are refused.
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
 * A callback as a stored row holds it. Tolerant: rows outlive every version of the request schema, and those the first
 * timer service wrote must be delivered as it delivered them.
 */
export const storedCallbackConfigSchema = z.discriminatedUnion('type', [
  storedHttpCallbackSchema,
  storedNatsCallbackSchema,
]);
export type StoredCallbackConfig = z.infer<typeof storedCallbackConfigSchema>;
