import { natsSubject } from '@timer-platform/callback-types';
import type { AnyCallback, ReceivedPayload } from '../callbacks/define-callback.ts';
import type { CallbackHandler } from '../receivers/callback-handler.ts';
import type { DedupStore } from '../receivers/dedup-store.ts';
import { createMessageHandler } from './message-handler.ts';
import type { CallbackSubscription, SubscribeOptions } from './nats-options.ts';
import type { NatsConnection } from './nats-types.ts';
import { processConcurrently } from './process-concurrently.ts';

function subjectOf({ destination, name }: AnyCallback): string {
  if (typeof destination !== 'function' && destination.type === 'nats' && destination.topic !== undefined)
    return natsSubject({ topic: destination.topic, key: destination.key });
  throw new TypeError(
    `Callback "${name}" has no fixed NATS destination: pass the subject, such as subscribe(…, { subject: 'orders.>' })`,
  );
}

/**
 * Subscribes to callbacks with core NATS, for those that are sent without `jetstream`.
 *
 * Core NATS delivers at most once: the timer is completed when the server has the message. A callback that comes while
 * nobody subscribes, or whose handler throws, is lost; the error goes to `onError`. Use a stream and {@link consume}
 * where that matters.
 *
 * @param connection of `nats` or `@nats-io/transport-node`
 * @throws {TypeError} if there is no subject
 *
 * @example
 * const subscription = subscribe(connection, shipped, ({ order }) => notify(order), { queue: 'mail' });
 * process.once('SIGTERM', () => subscription.stop());
 */
export function subscribe<Definition extends AnyCallback>(
  connection: NatsConnection,
  definition: Definition,
  handler: CallbackHandler<ReceivedPayload<Definition>>,
  options?: SubscribeOptions & { readonly dedup?: undefined },
): CallbackSubscription;
export function subscribe<Definition extends AnyCallback, Transaction>(
  connection: NatsConnection,
  definition: Definition,
  handler: CallbackHandler<ReceivedPayload<Definition>, Transaction>,
  options: SubscribeOptions<Transaction> & { readonly dedup: DedupStore<Transaction> },
): CallbackSubscription;
export function subscribe<Definition extends AnyCallback, Transaction>(
  connection: NatsConnection,
  definition: Definition,
  handler: CallbackHandler<ReceivedPayload<Definition>, Transaction>,
  options: SubscribeOptions<Transaction> = {},
): CallbackSubscription {
  const { concurrency, queue, subject = subjectOf(definition) } = options;
  const handle = createMessageHandler(definition, handler, options);
  const subscription = connection.subscribe(subject, queue === undefined ? {} : { queue });
  const closed = processConcurrently(subscription, concurrency, async (message) => {
    await handle(message);
  });
  // Whoever waits for it gets the error.
  closed.catch(() => undefined);
  return {
    closed,
    stop: async () => {
      await subscription.drain();
      await closed;
    },
  };
}
