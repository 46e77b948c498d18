import { createServer } from 'node:net';
import { expect, test } from '@jest/globals';
import { findFreePort, isPortFree } from './free-port.ts';

async function whileListening(port: number, run: () => Promise<void>): Promise<void> {
  const server = createServer();
  await new Promise<void>((resolve) => server.listen({ host: '127.0.0.1', port }, resolve));
  try {
    await run();
  } finally {
    await new Promise((resolve) => server.close(resolve));
  }
}

test('finds a port outside the range of outgoing connections', async () => {
  const port = await findFreePort();
  expect(port).toBeGreaterThanOrEqual(16_000);
  expect(port).toBeLessThan(32_000);
  expect(await isPortFree(port)).toBe(true);
});

test('skips a port that is in use', async () => {
  const taken = await findFreePort();
  // Half a port is added because the quotient may be rounded down.
  const randomOfTaken = (taken - 16_000 + 0.5) / 16_000;
  await whileListening(taken, async () => {
    expect(await isPortFree(taken)).toBe(false);
    const numbers = [randomOfTaken, randomOfTaken, 0.5];
    expect(await findFreePort(() => numbers.shift() ?? Math.random())).not.toBe(taken);
    await expect(findFreePort(() => randomOfTaken)).rejects.toThrow('No free port');
  });
  expect(await findFreePort(() => randomOfTaken)).toBe(taken);
});
