import { createServer } from 'node:http';
import { Recorder } from './recorder.ts';

/**
 * A plain node:http server that records arrivals. It runs in a separate process and measures every contender the same way.
 * The argument is the delay of its responses in milliseconds; with `hang` it accepts requests and never responds.
 */
const [, , delay = '0'] = process.argv;
const hangs = delay === 'hang';
const delayMs = Number(delay);
const recorder = new Recorder();
/** Nothing is recorded here. */
const FAILING_PATH = '/fail';

const server = createServer({ keepAliveTimeout: 60_000 }, (request, response) => {
  const arrivedMs = recorder.now();
  if (request.url === FAILING_PATH) {
    request.resume();
    response.writeHead(500).end();
    return;
  }
  const chunks: Buffer[] = [];
  request.on('data', (chunk: Buffer) => chunks.push(chunk));
  request.on('end', () => {
    const [first] = chunks;
    recorder.add(arrivedMs, chunks.length === 1 && first !== undefined ? first : Buffer.concat(chunks));
    if (hangs) return;
    if (delayMs > 0) setTimeout(() => response.end(), delayMs);
    else response.end();
  });
});
server.listen(0, '127.0.0.1', 4_096, () => {
  recorder.serve();
  const address = server.address();
  process.send?.({
    url: `http://127.0.0.1:${typeof address === 'object' ? (address?.port ?? 0) : 0}/callback`,
  });
});
