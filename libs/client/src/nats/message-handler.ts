import { CALLBACK_NAME_HEADER } from '../callbacks/callback-name.ts';
import type { AnyCallback, ReceivedPayload } from '../callbacks/define-callback.ts';
import type { CallbackHandler } from '../receivers/callback-handler.ts';
import type { DedupStore } from '../receivers/dedup-store.ts';
import { memoryDedupStore } from '../receivers/memory-dedup-store.ts';
import { attemptOf, isMessageId, timerIdOf } from '../receivers/message-id.ts';
import { type CallbackResult, processCallback } from '../receivers/process-callback.ts';
import { errorReporter, type OnError } from '../receivers/report-error.ts';
import { headersByName } from '../receivers/request-headers.ts';
import { scheduledOccurrence } from '../receivers/scheduled-occurrence.ts';
import type { NatsHandlerOptions } from './nats-options.ts';
import type { NatsMessage } from './nats-types.ts';

/** How a message ended. `no id`: it is not from the timer service. `other name`: it is for another definition. */
export type MessageResult = CallbackResult | { readonly kind: 'no id' | 'other name' };

/** Handles a message. Never rejects. */
export type HandleMessage = (message: NatsMessage) => Promise<MessageResult>;

const ATTEMPT_HEADER = 'timer-attempt';
const NEVER_ABORTED = new AbortController().signal;

function headersOf({ headers }: NatsMessage): Readonly<Record<string, string>> {
  const pairs = Array.from(headers ?? [], ([name, values]) => [name, values.join(', ')] as const);
  return headersByName(pairs);
}

function messageHandler<Transaction>(
  definition: AnyCallback,
  handler: CallbackHandler<unknown, Transaction>,
  store: DedupStore<Transaction>,
  report: OnError,
): HandleMessage {
  return async (message) => {
    const headers = headersOf(message);
    const id = headers['nats-msg-id'];
    const sentName = headers[CALLBACK_NAME_HEADER];
    const { name } = definition;
    if (sentName !== undefined && sentName !== name) return { kind: 'other name' };
    if (id === undefined || !isMessageId(id)) {
      const error = new Error(
        `A message on ${message.subject} has no valid Nats-Msg-Id: it is not from the timer service`,
      );
      report(error, { reason: 'unverified', name });
      return { kind: 'no id' };
    }
    const context = {
      id,
      timerId: timerIdOf(id),
      name,
      attempt: attemptOf(headers[ATTEMPT_HEADER]),
      schedule: scheduledOccurrence(headers),
      timestamp: undefined,
      headers,
      signal: NEVER_ABORTED,
    };
    const result = await processCallback({ definition, handler }, { body: message.data, context }, store);
    if ('error' in result) report(result.error, { reason: result.kind, id, name });
    return result;
  };
}

/** Makes the function that handles the messages of a subscription. */
export function createMessageHandler<Definition extends AnyCallback, Transaction>(
  definition: Definition,
  handler: CallbackHandler<ReceivedPayload<Definition>, Transaction>,
  { dedup, onError }: NatsHandlerOptions<Transaction>,
): HandleMessage {
  const report = errorReporter(onError);
  if (dedup !== undefined) return messageHandler(definition, handler, dedup, report);
  // Without a store, the overloads of subscribe and consume have made Transaction undefined.
  const withoutTransaction = handler as CallbackHandler<unknown>;
  return messageHandler(definition, withoutTransaction, memoryDedupStore(), report);
}
