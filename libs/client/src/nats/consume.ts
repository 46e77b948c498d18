import type { AnyCallback, ReceivedPayload } from '../callbacks/define-callback.ts';
import type { CallbackHandler } from '../receivers/callback-handler.ts';
import type { DedupStore } from '../receivers/dedup-store.ts';
import { createMessageHandler, type MessageResult } from './message-handler.ts';
import type { CallbackSubscription, ConsumeOptions } from './nats-options.ts';
import type { StreamConsumer, StreamMessage } from './nats-types.ts';
import { processConcurrently } from './process-concurrently.ts';

const DEFAULT_CONCURRENCY = 10;
const DEFAULT_PROGRESS_INTERVAL_MS = 10_000;
const MAX_REDELIVERY_DELAY_MS = 300_000;
const IN_PROGRESS_MS = 5_000;

function defaultRedeliveryDelayMs(deliveryCount: number): number {
  return Math.min(1_000 * 2 ** Math.min(deliveryCount - 1, 20), MAX_REDELIVERY_DELAY_MS);
}

/** Tells the server what follows from the result. */
function settle(
  message: StreamMessage,
  result: MessageResult,
  delayMs: (deliveryCount: number) => number,
): void {
  switch (result.kind) {
    case 'handled':
    case 'duplicate':
      message.ack();
      return;
    case 'permanent':
    case 'no id':
      message.term();
      return;
    case 'in progress':
      message.nak(IN_PROGRESS_MS);
      return;
    case 'retry later':
      message.nak(result.afterSeconds * 1_000);
      return;
    // A newer version of this program may handle it.
    case 'other name':
    case 'invalid payload':
    case 'failed':
      message.nak(delayMs(message.info.deliveryCount));
      return;
  }
}

/**
 * Handles the callbacks in a stream, which are sent with `jetstream: true`. A callback is acknowledged when its handler
 * has resolved, delivered again after a delay if that throws, and given up for a PermanentError. A message for another
 * definition is left for a later delivery: give each definition a consumer with its subject.
 *
 * @param consumer of `nats` or `@nats-io/jetstream`, with explicit acknowledgment
 * @returns when the server has started to deliver
 *
 * @example
 * const consumer = await jetstream(connection).consumers.get('ORDERS', 'mail');
 * const subscription = await consume(consumer, shipped, ({ order }) => notify(order));
 */
export function consume<Definition extends AnyCallback>(
  consumer: StreamConsumer,
  definition: Definition,
  handler: CallbackHandler<ReceivedPayload<Definition>>,
  options?: ConsumeOptions & { readonly dedup?: undefined },
): Promise<CallbackSubscription>;
export function consume<Definition extends AnyCallback, Transaction>(
  consumer: StreamConsumer,
  definition: Definition,
  handler: CallbackHandler<ReceivedPayload<Definition>, Transaction>,
  options: ConsumeOptions<Transaction> & { readonly dedup: DedupStore<Transaction> },
): Promise<CallbackSubscription>;
export async function consume<Definition extends AnyCallback, Transaction>(
  consumer: StreamConsumer,
  definition: Definition,
  handler: CallbackHandler<ReceivedPayload<Definition>, Transaction>,
  options: ConsumeOptions<Transaction> = {},
): Promise<CallbackSubscription> {
  const { concurrency = DEFAULT_CONCURRENCY, redeliveryDelayMs = defaultRedeliveryDelayMs } = options;
  const progressMs = options.progressIntervalMs ?? DEFAULT_PROGRESS_INTERVAL_MS;
  const handle = createMessageHandler(definition, handler, options);
  // Not more than are soon handled: what waits here is delivered again after ack_wait.
  const messages = await consumer.consume({ max_messages: 2 * concurrency });
  const closed = processConcurrently(messages, concurrency, async (message) => {
    const progress = setInterval(() => {
      message.working();
    }, progressMs);
    const result = await handle(message);
    clearInterval(progress);
    settle(message, result, redeliveryDelayMs);
  });
  // Whoever waits for it gets the error.
  closed.catch(() => undefined);
  return {
    closed,
    stop: async () => {
      await messages.close();
      await closed;
    },
  };
}
