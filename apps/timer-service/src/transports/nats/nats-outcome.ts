import { ErrorCode } from 'nats';
import { permanent, retryable } from '../outcome.ts';
import type { Outcome } from '../transport.ts';

/*
 * What NATS can answer, and what follows:
 *
 * | what happened                                        | outcome   | why                                              |
 * |------------------------------------------------------|-----------|--------------------------------------------------|
 * | flush answered (core), PubAck received (JetStream)   | delivered | the server has the message                       |
 * | not connected; connection lost; no answer in time    | retryable | unreachable: it returns, or another server does  |
 * | permissions violation                                | retryable | an operator grants it; nothing is lost meanwhile |
 * | no stream listens on the subject (no responders)     | retryable | the stream is created, or its leader is elected  |
 * | the stream is full, sealed, out of resources, …      | retryable | the stream changes, the message does not matter  |
 * | message larger than the server or the stream takes   | permanent | the message stays as large as it is              |
 * | illegal header, server without headers               | permanent | the same message would be refused again          |
 */

/** JetStream's code for a message beyond the stream's max_msg_size (nats-server, server/errors.json). */
const MESSAGE_EXCEEDS_MAXIMUM = 10_054;

export const NOT_CONNECTED = retryable('not connected to NATS', { unreachable: true });
export const CONNECTION_LOST = retryable('the connection to NATS was lost before it confirmed the message', {
  unreachable: true,
});
export const STOPPING = retryable('given up: the service is stopping');

export function permissionDenied(subject: string): Outcome {
  return retryable(`NATS does not let this service publish to ${JSON.stringify(subject)}`);
}

export function unconfirmed(timeout: string): Outcome {
  return retryable(`NATS did not confirm the message within ${timeout}`, { unreachable: true });
}

interface NatsFailure {
  readonly code: string;
  /** What a stream said. */
  readonly stream: { readonly code: number; readonly description: string } | undefined;
}

function read(error: unknown): NatsFailure {
  if (typeof error !== 'object' || error === null) return { code: '', stream: undefined };
  const code = 'code' in error && typeof error.code === 'string' ? error.code : '';
  const api = 'api_error' in error ? error.api_error : undefined;
  if (typeof api !== 'object' || api === null) return { code, stream: undefined };
  return {
    code,
    stream: {
      code: 'err_code' in api && typeof api.err_code === 'number' ? api.err_code : 0,
      description:
        'description' in api && typeof api.description === 'string' ? api.description : 'no reason given',
    },
  };
}

interface Circumstances {
  readonly subject: string;
  /** In words, how long was waited for an answer. */
  readonly timeout: string;
}

function notAStream({ subject }: Circumstances): Outcome {
  return retryable(`what answers on ${JSON.stringify(subject)} is not a stream`);
}

const OUTCOMES: ReadonlyMap<string, (circumstances: Circumstances) => Outcome> = new Map<
  string,
  (circumstances: Circumstances) => Outcome
>([
  [ErrorCode.NoResponders, ({ subject }) => retryable(`no stream listens on ${JSON.stringify(subject)}`)],
  [
    ErrorCode.Timeout,
    ({ timeout }) => retryable(`no stream acknowledged the message within ${timeout}`, { unreachable: true }),
  ],
  [ErrorCode.PermissionsViolation, ({ subject }) => permissionDenied(subject)],
  [ErrorCode.MaxPayloadExceeded, () => permanent('the message is larger than NATS takes')],
  [ErrorCode.BadHeader, () => permanent('a header has a name or value that NATS does not allow')],
  [
    ErrorCode.ServerOptionNotAvailable,
    () => permanent('this NATS server does not take messages with headers'),
  ],
  [ErrorCode.BadSubject, () => permanent('the subject is not one that NATS takes')],
  [ErrorCode.JetStreamInvalidAck, notAStream],
  [ErrorCode.BadJson, notAStream],
  [ErrorCode.ConnectionClosed, () => CONNECTION_LOST],
  [ErrorCode.ConnectionDraining, () => CONNECTION_LOST],
  [ErrorCode.Disconnect, () => CONNECTION_LOST],
]);

/** What an error of the NATS client means for one message. */
export function outcomeOfNatsError(error: unknown, circumstances: Circumstances): Outcome {
  const { code, stream } = read(error);
  if (stream !== undefined) {
    const reason = `the stream refused the message: ${stream.description}`;
    return stream.code === MESSAGE_EXCEEDS_MAXIMUM ? permanent(reason) : retryable(reason);
  }
  const outcome = OUTCOMES.get(code);
  if (outcome !== undefined) return outcome(circumstances);
  return retryable(/^[A-Z0-9_]{1,50}$/.test(code) ? `publishing failed (${code})` : 'publishing failed');
}
