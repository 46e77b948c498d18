/** `npx nx run examples:saga-timeout` */
import { withPlatform } from '../platform.ts';
import { runSaga } from './run-saga.ts';

await withPlatform((platform) => runSaga(platform, console.log));
