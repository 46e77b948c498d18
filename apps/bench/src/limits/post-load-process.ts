import { Agent, request } from 'undici';
import { z } from 'zod';

/** Posts one body repeatedly over several connections and measures the rate of 201 responses. */
const optionsSchema = z.object({
  url: z.string(),
  body: z.string(),
  headers: z.record(z.string(), z.string()),
  connections: z.number(),
  seconds: z.number(),
});

process.on('message', (message) => {
  const { url, body, headers, connections, seconds } = optionsSchema.parse(message);
  const dispatcher = new Agent({ connections });
  const startedMs = performance.now();
  const endMs = startedMs + seconds * 1_000;
  let created = 0;
  const postRepeatedly = async (): Promise<void> => {
    while (performance.now() < endMs) {
      const response = await request(url, { dispatcher, method: 'POST', headers, body });
      const text = await response.body.text();
      if (response.statusCode !== 201) throw new Error(`${response.statusCode}: ${text.slice(0, 500)}`);
      created += 1;
    }
  };
  void Promise.all(Array.from({ length: connections }, postRepeatedly)).then(async () => {
    const perSecond = (created * 1_000) / (performance.now() - startedMs);
    await dispatcher.close();
    process.send?.({ perSecond });
  });
});
process.on('disconnect', () => process.exit(0));
process.send?.({ ready: true });
