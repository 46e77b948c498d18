import type { CallbackConfig } from '@timer-platform/callback-types';
import { checkCallbackName } from './callback-name.ts';
import { callbackTo, type Destination, type DestinationOverrides } from './destination.ts';
import type { JsonInput } from './json-input.ts';
import { jsonPayload } from './json-payload.ts';
import type { InputOf, OutputOf, StandardSchema } from './standard-schema.ts';
import { validate, validateSync } from './validate-payload.ts';

/** A kind of callback that a sender and a receiver share: its name, the schema of its payload, and where it goes. */
export interface CallbackDefinition<Name extends string = string, Payload = unknown, Output = unknown> {
  readonly name: Name;
  readonly schema: StandardSchema<Payload, Output>;
  readonly destination: Destination | ((payload: Payload) => Destination);
  /**
   * Makes a callback for a request. Its payload is what was passed, not what the schema makes of it: the receiver
   * validates again and gets that.
   *
   * @throws {PayloadError} if the payload is invalid
   * @throws {TypeError} if the destination has no URL or topic, or the schema is asynchronous
   */
  to(payload: Payload, overrides?: DestinationOverrides): CallbackConfig;
  /** Like {@link to}, also with an asynchronous schema. */
  toAsync(payload: Payload, overrides?: DestinationOverrides): Promise<CallbackConfig>;
  /**
   * Validates a received payload.
   * @throws {PayloadError} if it is invalid
   */
  parse(payload: unknown): Promise<Output>;
}

/** What every definition has: a bound for type parameters. */
export interface AnyCallback {
  readonly name: string;
  readonly schema: StandardSchema;
  readonly destination: Destination | ((payload: never) => Destination);
  toAsync(payload: never, overrides?: DestinationOverrides): Promise<CallbackConfig>;
  parse(payload: unknown): Promise<unknown>;
}

/** What a sender passes. */
export type PayloadOf<Definition extends AnyCallback> = InputOf<Definition['schema']>;

/** What a handler gets. */
export type ReceivedPayload<Definition extends AnyCallback> = OutputOf<Definition['schema']>;

/**
 * Declares a kind of callback once, for senders and receivers.
 *
 * @param name identifies it between them: it travels in the header `timer-callback`. 1 to 128 letters, digits and `. _ : / -`
 * @param schema of any library that implements Standard Schema, such as zod, valibot or arktype. Its input must be JSON
 * @param destination where it goes, fixed or computed from the payload
 * @throws {TypeError} if the name or the schema is not valid
 *
 * @example
 * const paymentDue = defineCallback('payment-due', z.object({ order: z.string() }), {
 *   type: 'http',
 *   url: process.env.PAYMENT_CALLBACK_URL,
 * });
 * const callback = paymentDue.to({ order: '42' });
 */
export function defineCallback<const Name extends string, Schema extends StandardSchema>(
  name: Name,
  schema: Schema & JsonInput<Schema>,
  destination: Destination | ((payload: InputOf<Schema>) => Destination),
): CallbackDefinition<Name, InputOf<Schema>, OutputOf<Schema>> {
  checkCallbackName(name);
  // A schema of arktype is a function.
  if (typeof (schema as Partial<StandardSchema>)['~standard']?.validate !== 'function')
    throw new TypeError(
      `The schema of callback "${name}" does not implement Standard Schema: use zod 3.24, valibot 1, arktype 2 or newer`,
    );
  const send = (payload: InputOf<Schema>, overrides: DestinationOverrides): CallbackConfig => {
    const target = typeof destination === 'function' ? destination(payload) : destination;
    return callbackTo(name, target, jsonPayload(name, payload), overrides);
  };
  return {
    name,
    schema: schema,
    destination,
    to: (payload, overrides = {}) => {
      validateSync(name, schema, payload);
      return send(payload, overrides);
    },
    toAsync: async (payload, overrides = {}) => {
      await validate(name, schema, payload);
      return send(payload, overrides);
    },
    parse: (payload) => validate<OutputOf<Schema>>(name, schema, payload),
  };
}
