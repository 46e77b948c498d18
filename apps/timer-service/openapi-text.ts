import { connect } from '@timer-platform/database';
import { pino } from 'pino';
import { apiSettingsSchema } from './src/api/api-settings.ts';
import { createServer } from './src/api/server.ts';
import { systemClock } from './src/clock.ts';

/** Text of the OpenAPI document, as openapi.json keeps it. Needs no database: none of the routes is called. */
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
