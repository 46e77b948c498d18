import { Agent, request } from 'undici';
import { z } from 'zod';
import { benchPayload } from '../receiver/arrivals.ts';

/**
 * The limit of any scheduler on this machine: sends the same bodies with the same HTTP client to the same receiver, without
 * a database.
 */
const optionsSchema = z.object({ url: z.string(), count: z.number(), connections: z.number() });

async function postAll(
  agent: Agent,
  url: string,
  bodies: readonly string[],
  connections: number,
): Promise<void> {
  let next = 0;
  const postNext = async (): Promise<void> => {
    for (let body = bodies[next++]; body !== undefined; body = bodies[next++]) {
      const response = await request(url, {
        dispatcher: agent,
        method: 'POST',
        headers: { 'content-type': 'application/json' },
        body,
      });
      await response.body.dump();
    }
  };
  await Promise.all(Array.from({ length: connections }, postNext));
}

process.on('message', (message) => {
  const { url, count, connections } = optionsSchema.parse(message);
  const agent = new Agent({ connections });
  const nowMs = Date.now();
  const bodies = Array.from({ length: count }, (_, n) => JSON.stringify(benchPayload(n, nowMs)));
  const before = process.cpuUsage();
  void postAll(agent, url, bodies, connections).then(async () => {
    const { user, system } = process.cpuUsage(before);
    await agent.close();
    process.send?.({ cpuSeconds: (user + system) / 1e6 });
  });
});
process.on('disconnect', () => process.exit(0));
process.send?.({ ready: true });
