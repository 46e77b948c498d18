import type { JsonValue } from '@timer-platform/callback-types';
import type { InputOf, StandardSchema } from './standard-schema.ts';

/** `Value` with everything replaced by `never` that JSON cannot carry: a Date, a Map or a class has methods. */
type Json<Value> = unknown extends Value ? Value : JsonUnlessValue<Value>;

/** What is a JsonValue needs no look inside, which would not end for unions that have arrays of themselves. */
type JsonUnlessValue<Value> = [Value] extends [JsonValue] ? Value : JsonMembers<Value>;

type JsonMembers<Value> = Value extends string | number | boolean | null | undefined
  ? Value
  : Value extends bigint | symbol | ((...args: never[]) => unknown)
    ? never
    : { readonly [Key in keyof Value]: Json<Value[Key]> };

/** What the compiler reports for a schema whose input is not JSON. */
interface NotJson {
  readonly 'the input of the schema must be JSON': 'for a Date, take a string and transform it, as z.iso.datetime().transform((text) => new Date(text)) does';
}

/** Accepts every schema whose input can be sent as JSON. An `interface` is accepted, a Date is not. */
export type JsonInput<Schema extends StandardSchema> = [InputOf<Schema>] extends [Json<InputOf<Schema>>]
  ? unknown
  : NotJson;
