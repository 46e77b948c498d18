import { NATS_HEADERS } from '@timer-platform/callback-types';
import { headers as messageHeaders, type MsgHdrs } from 'nats';
import { permanent } from '../outcome.ts';
import type { Delivery, Outcome } from '../transport.ts';

/** The API rejects them; rows that were written with SQL may contain them. */
const NOT_FORWARDED = new Set<string>(Object.values(NATS_HEADERS).map((name) => name.toLowerCase()));

/** The headers of a message, or the permanent outcome if one is not valid. */
export function deliveryHeaders({ attemptNumber, callback, messageId }: Delivery<'nats'>): MsgHdrs | Outcome {
  const headers = messageHeaders();
  headers.set(NATS_HEADERS.id, messageId);
  headers.set(NATS_HEADERS.attempt, String(attemptNumber));
  for (const [name, value] of Object.entries(callback.headers)) {
    if (NOT_FORWARDED.has(name.toLowerCase())) continue;
    try {
      headers.append(name, value);
    } catch {
      return permanent(
        `header ${JSON.stringify(name.slice(0, 100))} has a name or value that NATS does not allow`,
      );
    }
  }
  return headers;
}
