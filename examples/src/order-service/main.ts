/** `npx nx run examples:order-service` */
import { startPlatform } from '../platform.ts';
import { runOrderService } from './run-order-service.ts';

const platform = await startPlatform();
try {
  await runOrderService(platform, (line) => {
    console.log(line);
  });
} finally {
  await platform.stop();
}
