/** `npx nx run examples:saga-timeout` */
import { startPlatform } from '../platform.ts';
import { runSaga } from './run-saga.ts';

const platform = await startPlatform();
try {
  await runSaga(platform, (line) => {
    console.log(line);
  });
} finally {
  await platform.stop();
}
