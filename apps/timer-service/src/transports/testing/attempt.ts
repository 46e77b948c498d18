import { randomUUID } from 'node:crypto';
import type { CallbackType } from '@timer-platform/callback-types';
import type { Delivery, Outcome, StoredCallback, Transport } from '../transport.ts';

/** An attempt that a test makes, and what the transport has reported. */
export interface Attempt {
  /** Resolves with the first outcome. */
  readonly outcome: Promise<Outcome>;
  /** Every outcome reported: a correct transport reports one. */
  readonly outcomes: readonly Outcome[];
  /** How often the transport has called mayStart. */
  readonly starts: number;
}

export type AttemptOptions = Partial<
  Pick<Delivery, 'messageId' | 'attemptNumber' | 'payload' | 'startedMs' | 'mayStart'>
>;

/** Makes an attempt. */
export function startAttempt<Type extends CallbackType>(
  transport: Transport<Type>,
  callback: StoredCallback<Type>,
  options: AttemptOptions = {},
): Attempt {
  const {
    mayStart = () => true,
    messageId = randomUUID(),
    attemptNumber = 1,
    payload = null,
    startedMs = 1_700_000_000_000,
  } = options;
  const outcomes: Outcome[] = [];
  let starts = 0;
  const outcome = new Promise<Outcome>((resolve) => {
    transport.send({
      messageId,
      attemptNumber,
      callback,
      payload,
      startedMs,
      mayStart: () => {
        starts += 1;
        return mayStart();
      },
      ended: (ended) => {
        outcomes.push(ended);
        resolve(ended);
      },
    });
  });
  return {
    outcome,
    outcomes,
    get starts() {
      return starts;
    },
  };
}

/** Makes an attempt and waits for its outcome. */
export function attempt<Type extends CallbackType>(
  transport: Transport<Type>,
  callback: StoredCallback<Type>,
  options: AttemptOptions = {},
): Promise<Outcome> {
  return startAttempt(transport, callback, options).outcome;
}
