/** `npx nx run examples:nats-consumer`. Needs a nats-server on the PATH, or in NATS_SERVER_BIN. */
import { startNatsServer } from '@timer-platform/test-support';
import { withPlatform } from '../platform.ts';
import { runNatsConsumer } from './run-nats-consumer.ts';

const nats = await startNatsServer({ jetstream: true });
try {
  await withPlatform((platform) => runNatsConsumer(platform, nats.url, console.log), { NATS_URL: nats.url });
} finally {
  await nats.stop();
}
