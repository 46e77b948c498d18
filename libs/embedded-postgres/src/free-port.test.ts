import { createServer } from 'node:net';
import { expect, test } from '@jest/globals';
import { findFreePort, isPortFree } from './free-port.ts';

async function withListener(port: number, use: () => Promise<void>): Promise<void> {
  const server = createServer();
  await new Promise<void>((resolve) => server.listen({ host: '127.0.0.1', port }, resolve));
  try {
    await use();
  } finally {
    await new Promise((resolve) => server.close(resolve));
  }
}

test('finds a port outside of the range that systems give to outgoing connections', async () => {
  const port = await findFreePort();
  expect(port).toBeGreaterThanOrEqual(16_000);
  expect(port).toBeLessThan(32_000);
  expect(await isPortFree(port)).toBe(true);
});

test('passes over a port that is taken', async () => {
  const taken = await findFreePort();
  // The middle of what the port stands for, since a quotient may come out a little too small.
  const atTaken = (taken - 16_000 + 0.5) / 16_000;
  await withListener(taken, async () => {
    expect(await isPortFree(taken)).toBe(false);
    const numbers = [atTaken, atTaken, 0.5];
    expect(await findFreePort(() => numbers.shift() ?? Math.random())).not.toBe(taken);
    await expect(findFreePort(() => atTaken)).rejects.toThrow('No free port');
  });
  expect(await findFreePort(() => atTaken)).toBe(taken);
});
