import { connect } from '@timer-platform/database';
import { pino } from 'pino';
import { apiSettingsSchema } from './src/api/api-settings.ts';
import { createServer } from './src/api/server.ts';
import { systemClock } from './src/clock.ts';

/** Returns the text of openapi.json. Needs no database, because no route is called. */
export async function openApiText(): Promise<string> {
  const db = connect({
    url: 'postgres://127.0.0.1:1/unused',
    applicationName: 'openapi',
    poolSize: 1,
    onIdleError: () => undefined,
  });
  const app = await createServer({
    db,
    clock: systemClock,
    settings: apiSettingsSchema.parse({}),
    log: pino({ level: 'silent' }),
    wake: () => undefined,
  });
  await app.ready();
  const text = `${JSON.stringify(app.swagger(), null, 2)}\n`;
  await app.close();
  await db.close();
  return text;
}
