/** `npx nx run examples:nats-consumer`. Needs a nats-server on the PATH, or in NATS_SERVER_BIN. */
import { startNatsServer } from '@timer-platform/test-support';
import { startPlatform } from '../platform.ts';
import { runNatsConsumer } from './run-nats-consumer.ts';

const nats = await startNatsServer({ jetstream: true });
try {
  const platform = await startPlatform({ NATS_URL: nats.url });
  try {
    await runNatsConsumer(platform, nats.url, (line) => {
      console.log(line);
    });
  } finally {
    await platform.stop();
  }
} finally {
  await nats.stop();
}
