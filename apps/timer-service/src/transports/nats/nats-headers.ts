import { headers as messageHeaders, type MsgHdrs } from 'nats';
import { permanent } from '../outcome.ts';
import type { Delivery, Outcome } from '../transport.ts';

/** JetStream streams detect duplicates by this header, and receivers can. */
const MESSAGE_ID = 'Nats-Msg-Id';

/** The headers of a message, or the permanent outcome if one is not valid. */
export function deliveryHeaders({ callback, messageId }: Delivery<'nats'>): MsgHdrs | Outcome {
  const headers = messageHeaders();
  headers.set(MESSAGE_ID, messageId);
  for (const [name, value] of Object.entries(callback.headers)) {
    if (name.toLowerCase() === MESSAGE_ID.toLowerCase()) continue;
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
