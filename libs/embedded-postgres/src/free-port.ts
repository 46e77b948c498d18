import { createServer } from 'node:net';
import { errorCode } from './error-code.ts';

/**
 * Servers that come back on the same port after an outage take it from this range, not from port 0: systems hand out
 * port 0 from the range of outgoing connections (Linux 32768 and up, others 49152 and up). A client that reconnects to
 * such a port while its server is away can be given that same port as its own end, connects to itself, and keeps the
 * server from ever coming back.
 */
const FIRST_PORT = 16_000;
const LAST_PORT = 31_999;
const TRIES = 100;

/** Whether a server could listen on this port of 127.0.0.1 now. */
export function isPortFree(port: number): Promise<boolean> {
  return new Promise((resolve, reject) => {
    const server = createServer();
    server.once('error', (error) => {
      const code = errorCode(error);
      if (code === 'EADDRINUSE' || code === 'EACCES') resolve(false);
      else reject(error);
    });
    server.listen({ host: '127.0.0.1', port, exclusive: true }, () => {
      server.close(() => {
        resolve(true);
      });
    });
  });
}

/**
 * Finds a port of 127.0.0.1 that nobody listens on. Another process can take it before its user does, who must be ready
 * to ask for another one.
 *
 * @param random gives numbers from 0 (included) to 1 (excluded)
 */
// eslint-disable-next-line no-restricted-syntax -- tests pass their own
export async function findFreePort(random: () => number = Math.random): Promise<number> {
  for (let tries = 0; tries < TRIES; tries += 1) {
    const port = FIRST_PORT + Math.floor(random() * (LAST_PORT - FIRST_PORT + 1));
    if (await isPortFree(port)) return port;
  }
  throw new Error(`No free port found between ${FIRST_PORT} and ${LAST_PORT} of 127.0.0.1`);
}
