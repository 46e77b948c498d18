import type { CallbackTarget } from './callback-selector.ts';

/** What a receiver of the kit did with a request. */
export type DeliveryResult =
  /** The status of the response. */
  | number
  /** A NATS message: nobody responds. */
  | 'published'
  /** The connection was cut without a response. */
  | 'cut'
  /** No response yet, or none before the attempt ended. */
  | 'none';

/** One callback as it arrived. */
export interface Delivery extends CallbackTarget {
  /** The id of the message: the id of the timer, the same on every attempt. */
  readonly id: string;
  /** From 1: how often a message with this id has arrived. */
  readonly attempt: number;
  /** The virtual instant at which it arrived. */
  readonly at: Date;
  readonly type: 'http' | 'nats';
  /** Names in lower case. */
  readonly headers: Readonly<Record<string, string>>;
  /** As received. */
  readonly body: string;
  /** The body parsed as JSON; null: it is empty, or not JSON. */
  readonly payload: unknown;
  readonly result: DeliveryResult;
}

/** A {@link Delivery} as it is sent between processes. */
export interface DeliveryRecord extends Omit<Delivery, 'at' | 'payload' | 'result'> {
  readonly index: number;
  readonly atMs: number;
  result: DeliveryResult;
}

function parsePayload(body: string): unknown {
  if (body === '') return null;
  try {
    return JSON.parse(body);
  } catch {
    return null;
  }
}

export function toDelivery(record: DeliveryRecord): Delivery {
  const { id, attempt, atMs, type, name, url, subject, headers, body, result } = record;
  const payload = parsePayload(body);
  return { id, attempt, at: new Date(atMs), type, name, url, subject, headers, body, payload, result };
}
