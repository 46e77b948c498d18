/** `npx nx run examples:order-service` */
import { withPlatform } from '../platform.ts';
import { runOrderService } from './run-order-service.ts';

await withPlatform((platform) => runOrderService(platform, console.log));
