import { type Database, recordAction } from '@timer-platform/database';
import type { Api } from '../api-instance.ts';
import { consoleAction } from './console-action.ts';

function dataOf(payload: unknown): unknown {
  if (typeof payload !== 'string') return undefined;
  const parsed: unknown = JSON.parse(payload);
  return typeof parsed === 'object' && parsed !== null && 'data' in parsed ? parsed.data : undefined;
}

/**
 * Adds what sessions of the console change through the routes of this context to the audit log, before the response is
 * sent. The change is then already stored: if its record cannot be, the log of the service says so.
 */
export function recordConsoleActions(app: Api, db: Database): void {
  app.addHook('onSend', async (request, reply, payload) => {
    const { apiKey, consoleSession, method, routeOptions, params, body } = request;
    if (apiKey === null || consoleSession === null || reply.statusCode >= 300) return payload;
    if (method === 'GET' || method === 'HEAD') return payload;
    const action = consoleAction({ method, route: routeOptions.url, params, body, data: dataOf(payload) });
    if (action === undefined) return payload;
    try {
      await recordAction(db, { client: apiKey.name, ...action });
    } catch (error) {
      request.log.error(
        { err: error, key: apiKey.name, action: action.action, target: action.target },
        'an action in the console is missing in the audit log',
      );
    }
    return payload;
  });
}
