import { setTimeout as delay } from 'node:timers/promises';
import type { TimerServiceProcess } from '@timer-platform/test-support';

/** Calls the API as a program would. @throws Error for any response but a success */
async function callApi<Data>(
  { url, apiKey }: TimerServiceProcess,
  method: string,
  path: string,
  body?: unknown,
): Promise<Data> {
  const response = await fetch(`${url}${path}`, {
    method,
    headers: { 'x-api-key': apiKey, ...(body === undefined ? {} : { 'content-type': 'application/json' }) },
    ...(body === undefined ? {} : { body: JSON.stringify(body) }),
  });
  const text = await response.text();
  if (!response.ok) throw new Error(`${method} ${path} returned ${response.status}: ${text}`);
  return (JSON.parse(text) as { data: Data }).data;
}

/** Stores a timer, and waits until it has this status. Returns its id. */
async function storeTimer(
  service: TimerServiceProcess,
  body: object,
  status: 'pending' | 'completed' | 'failed',
): Promise<string> {
  const { id } = await callApi<{ id: string }>(service, 'POST', '/timers', body);
  while ((await callApi<{ status: string }>(service, 'GET', `/timers/${id}`)).status !== status)
    await delay(25);
  return id;
}

/** Stores what screens show: timers in several states, and schedules, one of them paused. */
export async function seedTimers(
  service: TimerServiceProcess,
  receiverUrl: string,
): Promise<{ readonly failed: string }> {
  const callback = (path: string) => ({ type: 'http', url: `${receiverUrl}${path}`, payload: { order: 42 } });
  const once = { retry: { max_attempts: 1 } };
  const [failed] = await Promise.all([
    storeTimer(service, { delay: '0s', callback: callback('/broken?token=secret'), ...once }, 'failed'),
    storeTimer(service, { delay: '0s', callback: callback('/orders'), metadata: { team: 'a' } }, 'completed'),
    storeTimer(service, { delay: '1h', callback: callback('/orders'), key: 'order-42' }, 'pending'),
    callApi(service, 'PUT', '/schedules/daily-report', {
      cron: '0 9 * * MON-FRI',
      time_zone: 'Europe/Berlin',
      callback: callback('/report'),
    }),
    callApi(service, 'PUT', '/schedules/hourly', { every: '1h', callback: callback('/hourly') }).then(() =>
      callApi(service, 'POST', '/schedules/hourly/pause', { note: 'stocktaking' }),
    ),
  ]);
  return { failed };
}
