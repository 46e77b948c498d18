import { ErrorCode } from 'nats';
import { permanent, retryable } from '../outcome.ts';
import type { Outcome } from '../transport.ts';

/*
 * | event                                                  | outcome   | reason                                          |
 * |--------------------------------------------------------|-----------|-------------------------------------------------|
 * | flush confirmed (core), PubAck received (JetStream)    | delivered | the server has the message                      |
 * | not connected; connection lost; flush not confirmed    | retryable | unavailable: the endpoint                       |
 * | permissions violation                                  | retryable | an operator can grant the permission            |
 * | no responders on the subject; no PubAck in time        | retryable | unavailable: the route, as a stream is missing  |
 * | stream full, out of resources, …                       | retryable | unavailable: the route                          |
 * | stream sealed, expectation in a header not met, …      | retryable | an operator or another message may change it    |
 * | message larger than the server's or the stream's limit | permanent | the message does not get smaller                |
 * | invalid header; server without header support          | permanent | the same message would be rejected again        |
 */

/** JetStream error code: the message exceeds the stream's max_msg_size (nats-server, server/errors.json). */
const MESSAGE_EXCEEDS_MAXIMUM = 10_054;

const ACK_TIMEOUT: string = ErrorCode.Timeout;

export const NOT_CONNECTED = retryable('not connected to NATS', { unavailable: 'endpoint' });
export const CREDENTIALS_REJECTED = retryable(
  'not connected to NATS: the server rejected the credentials of this service',
  { unavailable: 'endpoint' },
);
export const CONNECTION_LOST = retryable('the NATS connection was lost before the message was confirmed', {
  unavailable: 'endpoint',
});

export function permissionDenied(subject: string): Outcome {
  return retryable(`NATS denied permission to publish to ${JSON.stringify(subject)}`);
}

/** @param timeout formatted for the message */
export function unconfirmed(timeout: string): Outcome {
  return retryable(`NATS did not confirm the message within ${timeout}`, { unavailable: 'endpoint' });
}

interface NatsError {
  readonly code: string;
  /** The error that a stream returned. */
  readonly stream:
    { readonly status: number; readonly code: number; readonly description: string } | undefined;
}

function parseError(error: unknown): NatsError {
  if (typeof error !== 'object' || error === null) return { code: '', stream: undefined };
  const code = 'code' in error && typeof error.code === 'string' ? error.code : '';
  const api = 'api_error' in error ? error.api_error : undefined;
  if (typeof api !== 'object' || api === null) return { code, stream: undefined };
  return {
    code,
    stream: {
      status: 'code' in api && typeof api.code === 'number' ? api.code : 0,
      code: 'err_code' in api && typeof api.err_code === 'number' ? api.err_code : 0,
      description:
        'description' in api && typeof api.description === 'string' ? api.description : 'no reason given',
    },
  };
}

interface PublishContext {
  readonly subject: string;
  /** How long a confirmation may take, formatted for a message. */
  readonly timeout: string;
}
type OutcomeOf = (context: PublishContext) => Outcome;

const notAStream: OutcomeOf = ({ subject }) =>
  retryable(`the responder on ${JSON.stringify(subject)} is not a stream`);

const outcomesByCode: ReadonlyMap<string, OutcomeOf> = new Map<string, OutcomeOf>([
  [
    ErrorCode.NoResponders,
    ({ subject }) => retryable(`no stream listens on ${JSON.stringify(subject)}`, { unavailable: 'route' }),
  ],
  [
    ErrorCode.Timeout,
    ({ timeout }) =>
      retryable(`no stream acknowledged the message within ${timeout}`, { unavailable: 'route' }),
  ],
  [ErrorCode.PermissionsViolation, ({ subject }) => permissionDenied(subject)],
  [ErrorCode.MaxPayloadExceeded, () => permanent('the message exceeds the payload limit of the NATS server')],
  [ErrorCode.BadHeader, () => permanent('a header has a name or value that NATS does not allow')],
  [ErrorCode.ServerOptionNotAvailable, () => permanent('the NATS server does not support message headers')],
  [ErrorCode.BadSubject, () => permanent('NATS does not allow the subject')],
  [ErrorCode.JetStreamInvalidAck, notAStream],
  [ErrorCode.BadJson, notAStream],
  [ErrorCode.ConnectionClosed, () => CONNECTION_LOST],
  [ErrorCode.ConnectionDraining, () => CONNECTION_LOST],
  [ErrorCode.Disconnect, () => CONNECTION_LOST],
]);

/** The outcome of an error that the NATS client reports for one message. */
export function outcomeOfNatsError(error: unknown, context: PublishContext): Outcome {
  const { code, stream } = parseError(error);
  if (stream !== undefined) {
    const reason = `the stream rejected the message: ${stream.description}`;
    if (stream.code === MESSAGE_EXCEEDS_MAXIMUM) return permanent(reason);
    return retryable(reason, stream.status >= 500 ? { unavailable: 'route' } : {});
  }
  const outcomeOf = outcomesByCode.get(code);
  if (outcomeOf !== undefined) return outcomeOf(context);
  return retryable(/^[A-Z0-9_]{1,50}$/.test(code) ? `publishing failed (${code})` : 'publishing failed');
}

/** Whether a stream did not acknowledge in time. */
export function isAckTimeout(error: unknown): boolean {
  const { code, stream } = parseError(error);
  return stream === undefined && code === ACK_TIMEOUT;
}
