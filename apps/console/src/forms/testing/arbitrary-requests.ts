import {
  type CallbackConfig,
  createTimerRequestSchema,
  type JsonValue,
  type RetryPolicy,
} from '@timer-platform/callback-types';
import fc from 'fast-check';

const EXAMPLE_CALLBACK = { type: 'http', url: 'https://a.example/' };

export const optional = <Value>(value: fc.Arbitrary<Value>) => fc.option(value, { nil: undefined });

/** Durations from 1 ms. */
export const duration = fc
  .tuple(fc.integer({ min: 1, max: 999 }), fc.constantFrom('ms', 's', 'm', 'h', 'd'))
  .map(([amount, unit]) => `${amount}${unit}`);

/** Instants of this century, to the millisecond. */
export const instant = fc
  .integer({ min: Date.UTC(2000, 0), max: Date.UTC(2090, 0) })
  .map((ms) => new Date(ms).toISOString());

/** JSON that the service accepts, as it arrives: -0 is 0. */
export const json: fc.Arbitrary<JsonValue> = fc
  .jsonValue({ maxDepth: 3 })
  .map((value) => JSON.parse(JSON.stringify(value)) as JsonValue)
  .filter(
    (metadata) =>
      createTimerRequestSchema.safeParse({ delay: '1s', callback: EXAMPLE_CALLBACK, metadata }).success,
  );

const token = fc.stringMatching(/^[a-z]{1,8}$/);
const headers = fc
  .dictionary(fc.stringMatching(/^X-[A-Za-z]{1,8}$/), fc.stringMatching(/^[!-~]{1,12}$/), {
    minKeys: 1,
    maxKeys: 3,
  })
  .filter(
    (map) => new Set(Object.keys(map).map((name) => name.toLowerCase())).size === Object.keys(map).length,
  );
const subject = fc.array(token, { minLength: 1, maxLength: 3 }).map((tokens) => tokens.join('.'));

export const callback: fc.Arbitrary<CallbackConfig> = fc
  .oneof(
    fc.record({
      type: fc.constant('http' as const),
      url: token.map((host) => `https://${host}.example/hook?a=1`),
      headers: optional(headers),
      payload: optional(json),
      timeout_ms: optional(fc.integer({ min: 100, max: 300_000 })),
    }),
    fc.record({
      type: fc.constant('nats' as const),
      topic: subject,
      key: optional(subject),
      headers: optional(headers),
      payload: optional(json),
      jetstream: optional(fc.constant(true)),
    }),
  )
  .map(withoutUndefined);

export const retry: fc.Arbitrary<RetryPolicy | undefined> = optional(
  fc
    .record({
      max_attempts: optional(fc.integer({ min: 1, max: 100 })),
      waits: fc.oneof(
        fc.constant({}),
        fc.array(duration, { minLength: 1, maxLength: 4 }).map((delays) => ({ delays })),
        fc
          .record({
            initial: fc.constant('1s'),
            factor: fc.integer({ min: 4, max: 400 }).map((n) => n / 4),
            max: fc.constant('1h'),
          })
          .map((exponential) => ({ exponential })),
      ),
      give_up_after: optional(duration),
    })
    .map(({ waits, ...policy }) => withoutUndefined({ ...policy, ...waits })),
).map((policy) => (policy !== undefined && Object.keys(policy).length === 0 ? undefined : policy));

/** As an object arrives in JSON. */
export function withoutUndefined<Value extends object>(value: Value): Value {
  return Object.fromEntries(Object.entries(value).filter(([, item]) => item !== undefined)) as Value;
}
