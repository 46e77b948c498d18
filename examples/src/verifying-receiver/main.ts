/** `npx nx run examples:verifying-receiver` */
import { withPlatform } from '../platform.ts';
import { runInvoiceReceiver } from './run-invoice-receiver.ts';

await withPlatform((platform) => runInvoiceReceiver(platform, console.log));
