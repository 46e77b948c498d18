import type { IncomingMessage, ServerResponse } from 'node:http';
import { fromNodeRequest } from './node-request.ts';
import type { Receiver } from './receiver.ts';
import type { ReceiverResponse } from './receiver-response.ts';

function send(response: ServerResponse, { body, headers, status }: ReceiverResponse): void {
  // The rest of a body that was not read is in the way of the next request.
  const isUnread = status === 408 || status === 413;
  response.writeHead(status, isUnread ? { ...headers, connection: 'close' } : headers).end(body);
}

/**
 * A listener for `node:http`, and for libraries that pass its requests on.
 *
 * The body must not have been read before, unless its bytes were kept: with `express.json()` the response is 500.
 *
 * @example
 * createServer(nodeListener(receiver)).listen(3000);
 */
export function nodeListener<Transaction>(
  receiver: Receiver<Transaction>,
): (request: IncomingMessage, response: ServerResponse) => void {
  return (request, response) => {
    receiver
      .handle(fromNodeRequest(request, response, receiver))
      .then((result) => {
        send(response, result);
      })
      .catch(() => {
        // Something else has responded already.
        response.destroy();
      });
  };
}
