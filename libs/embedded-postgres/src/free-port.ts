import { createServer } from 'node:net';
import { errorCode } from './error-code.ts';

/**
 * Outside the range of outgoing connections (Linux 32768 and up, others 49152 and up), from which systems also choose a
 * port for port 0. A client that reconnects to a port in that range while the server is down can get the same port as
 * its local port. It then connects to itself, and the server cannot restart on its port.
 */
const FIRST_PORT = 16_000;
const LAST_PORT = 31_999;
const MAX_TRIES = 100;

/** Whether a server can listen on this port of 127.0.0.1 now. */
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
 * Finds a port of 127.0.0.1 that no process listens on. Another process may take it before the caller does: be ready to
 * try another one.
 *
 * @param random returns numbers from 0 (inclusive) to 1 (exclusive)
 * @throws when 100 ports in a row are in use
 */
// eslint-disable-next-line no-restricted-syntax -- tests pass their own
export async function findFreePort(random: () => number = Math.random): Promise<number> {
  for (let tries = 0; tries < MAX_TRIES; tries += 1) {
    const port = FIRST_PORT + Math.floor(random() * (LAST_PORT - FIRST_PORT + 1));
    if (await isPortFree(port)) return port;
  }
  throw new Error(`No free port found on 127.0.0.1 between ${FIRST_PORT} and ${LAST_PORT}`);
}
