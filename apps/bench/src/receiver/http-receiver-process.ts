import { createServer } from 'node:http';
import { Recorder } from './recorder.ts';

/**
 * A plain node:http server that records arrivals. It runs in a separate process and measures every contender the same way.
 * With the argument `hang` it accepts requests and never responds.
 */
const hangs = process.argv[2] === 'hang';
const recorder = new Recorder();

const server = createServer({ keepAliveTimeout: 60_000 }, (request, response) => {
  const arrivedMs = recorder.now();
  const chunks: Buffer[] = [];
  request.on('data', (chunk: Buffer) => chunks.push(chunk));
  request.on('end', () => {
    const [first] = chunks;
    recorder.add(arrivedMs, chunks.length === 1 && first !== undefined ? first : Buffer.concat(chunks));
    if (!hangs) response.end();
  });
});
server.listen(0, '127.0.0.1', 4_096, () => {
  recorder.serve();
  const address = server.address();
  process.send?.({
    url: `http://127.0.0.1:${typeof address === 'object' ? (address?.port ?? 0) : 0}/callback`,
  });
});
