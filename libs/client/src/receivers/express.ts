import type { IncomingMessage, ServerResponse } from 'node:http';
import { nodeListener } from './node.ts';
import { isBodyLost } from './node-request.ts';
import { bodyAlreadyRead } from './read-body.ts';
import type { Receiver } from './receiver.ts';

/**
 * A handler for Express. It must get the body as received: register it before `express.json()`, or with `express.raw()`.
 * Otherwise every request ends with an error that says so.
 *
 * @example
 * app.post('/callbacks', expressHandler(receiver));
 * app.use(express.json());
 */
export function expressHandler<Transaction>(
  receiver: Receiver<Transaction>,
): (request: IncomingMessage, response: ServerResponse, next: (error?: unknown) => void) => void {
  const listener = nodeListener(receiver);
  return (request, response, next) => {
    if (isBodyLost(request)) next(bodyAlreadyRead());
    else listener(request, response);
  };
}
