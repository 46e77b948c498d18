import { runPsql } from '@timer-platform/test-support';
import type { ScreenshotApi } from './screenshot-api.ts';

interface Surroundings {
  readonly api: ScreenshotApi;
  /** Of the service, which has an inspector. */
  readonly url: string;
  /** Of the receiver. */
  readonly port: number;
  readonly log: (line: string) => void;
}

const BATCH = 1_000;
/** Delivered while the script waits. */
const DUE_SOON = 24_000;
const TOTAL = 100_000;
const SECOND = 1_000;
const MINUTE = 60 * SECOND;
const HOUR = 60 * MINUTE;
const DAY = 24 * HOUR;

const TEAMS = ['orders', 'billing', 'growth', 'support'];
const KINDS = ['order-reminder', 'invoice-due', 'trial-ends', 'follow-up', 'stock-check'];

/** Shares of the destinations, in percent. */
function destinationOf(index: number): string {
  const share = Math.floor(index / 4 + index * 37) % 100;
  if (share < 52) return 'orders.example.com';
  if (share < 76) return 'billing.example.com';
  if (share < 90) return 'crm.example.org';
  if (share < 97) return 'nats';
  return share < 99 ? 'mail.example.net' : 'warehouse.example.org';
}

function callbackOf(host: string, index: number, port: number) {
  const kind = KINDS[index % KINDS.length] ?? 'reminder';
  const payload = { kind, order: 48_000 + index, customer: { id: `c-${index % 977}`, locale: 'de-DE' } };
  if (host === 'nats') return { type: 'nats', topic: 'orders.reminders', payload };
  const url = `http://${host}:${port}/callbacks/${kind}`;
  return {
    type: 'http',
    url,
    headers: { 'X-Source': 'timers', Authorization: 'Bearer s3cret' },
    payload,
  };
}

function timerOf(index: number, port: number, aheadMs: number) {
  const host = destinationOf(index);
  return {
    delay: `${Math.round(aheadMs / SECOND)}s`,
    callback: callbackOf(host, index, port),
    metadata: { team: TEAMS[index % TEAMS.length], order: 48_000 + index },
    ...(index % 3 === 0 ? { key: `order-${48_000 + index}` } : {}),
    ...(host === 'mail.example.net' || host === 'warehouse.example.org'
      ? { retry: { max_attempts: 3, delays: ['2s', '4s'] } }
      : {}),
  };
}

/** Milliseconds until timers of the next days are due: a wave by day, most of them soon. */
function laterBy(index: number, now: number): number {
  const part = ((index * 7_919) % 100_003) / 100_003;
  const ahead = part < 0.08 ? part * 12 * HOUR : part ** 2 * 9 * DAY;
  const hour = new Date(now + ahead).getUTCHours();
  const quiet = hour < 6 || hour > 20;
  return 3 * MINUTE + ahead + (quiet && index % 4 !== 0 ? 9 * HOUR : 0);
}

/** Stores the timers and schedules, and does what operators do. */
export async function fillWithData({
  api,
  url,
  port,
  log,
}: Surroundings): Promise<{ failedTimer: string; schedule: string }> {
  const now = Date.now();
  await sendToInspector(api, url);
  await storeSchedules(api, port, now);
  for (let first = 0; first < TOTAL; first += BATCH) {
    const timers = Array.from({ length: BATCH }, (_, offset) => {
      const index = first + offset;
      const soon = index % Math.floor(TOTAL / DUE_SOON) === 0;
      return timerOf(index, port, soon ? (5 + (index % 45)) * SECOND : laterBy(index, now));
    });
    await api.call('POST', '/timers/batch', { timers });
  }
  log(`stored ${TOTAL} timers`);
  const billing = encodeURIComponent(`http://billing.example.com:${port}`);
  await api.call('PATCH', `/destinations/${encodeURIComponent('nats:orders.reminders')}`, {
    rate_per_second: 400,
    max_in_flight: 64,
  });
  await api.waitFor('/timers?status=completed&limit=1', ({ total }) => Number(total) > 5_000);
  await api.call('POST', `/destinations/${billing}/pause`, { note: 'database migration until 04:00' });
  await api.waitFor('/timers?status=failed&limit=1', ({ total }) => Number(total) >= 100);
  await actAsOperators(api, port);
  log('delivered what is due');
  const failed = await api.call(
    'GET',
    `/timers?status=failed&limit=1&destination=${encodeURIComponent(`http://mail.example.net:${port}`)}`,
  );
  const [timer] = failed['timers'] as { id: string }[];
  if (timer === undefined) throw new Error('no timer has failed');
  return { failedTimer: timer.id, schedule: 'reports/daily-revenue' };
}

async function actAsOperators(api: ScreenshotApi, port: number): Promise<void> {
  const crm = `http://crm.example.org:${port}`;
  await api.call('POST', '/timers/cancel', { destination: crm, metadata: { team: 'growth' }, limit: 1_000 });
  await api.call('POST', '/timers/reschedule', {
    destination: crm,
    metadata: { team: 'support' },
    shift: '2h',
    spread: '10m',
    limit: 500,
  });
  await api.call('POST', '/timers/retry', { destination: crm, limit: 100 });
}

/** What somebody tries who writes a receiver. */
async function sendToInspector(api: ScreenshotApi, url: string): Promise<void> {
  for (const [index, kind] of KINDS.entries())
    await api.call('POST', '/timers', {
      delay: '0s',
      callback: {
        type: 'http',
        url: `${url}/inspector/${kind}`,
        headers: { 'X-Source': 'timers' },
        payload: { kind, order: 48_000 + index, customer: { id: `c-${index}`, locale: 'de-DE' } },
      },
    });
}

const SCHEDULES = [
  { key: 'reports/daily-revenue', cron: '0 7 * * *', time_zone: 'Europe/Berlin', host: 'orders.example.com' },
  { key: 'reports/weekly-churn', cron: '30 6 * * MON', time_zone: 'Europe/Berlin', host: 'crm.example.org' },
  {
    key: 'reports/month-end',
    cron: '0 22 L * *',
    time_zone: 'America/New_York',
    host: 'billing.example.com',
  },
  { key: 'cache/warm', every: '1m', host: 'orders.example.com' },
  { key: 'stock/sync', every: '15m', host: 'warehouse.example.org' },
  {
    key: 'billing/dunning',
    cron: '0 9 * * MON-FRI',
    time_zone: 'Europe/London',
    host: 'billing.example.com',
    jitter: '10m',
  },
  { key: 'mail/digest', cron: '0 18 * * *', time_zone: 'Asia/Kolkata', host: 'mail.example.net' },
  { key: 'exports/nightly', cron: '30 2 * * *', time_zone: 'Europe/Berlin', host: 'nats', overlap: 'skip' },
  { key: 'tokens/rotate', every: '6h', host: 'orders.example.com' },
] as const;

async function storeSchedules(api: ScreenshotApi, port: number, now: number): Promise<void> {
  for (const [index, { key, host, ...timing }] of SCHEDULES.entries())
    await api.call('PUT', `/schedules/${encodeURIComponent(key)}`, {
      ...timing,
      start_at: new Date(now - 3 * DAY).toISOString(),
      callback: callbackOf(host, index, port),
      metadata: { team: TEAMS[index % TEAMS.length] },
    });
  await api.call('POST', `/schedules/${encodeURIComponent('mail/digest')}/pause`, {
    note: 'until the new template is approved',
  });
  await api.call('POST', `/schedules/${encodeURIComponent('reports/daily-revenue')}/trigger`, {});
}

/**
 * The charts show an hour, and nobody waits for one: the minutes that the dispatchers have written are repeated for the 55
 * minutes before, up and down.
 */
export async function ageMinutes(databaseUrl: string): Promise<void> {
  const { exitCode, stderr } = await runPsql(databaseUrl, [
    '-c',
    `INSERT INTO dispatch_minutes
     SELECT minute - make_interval(mins => ago), dispatcher,
       (delivered * wave)::bigint, (retried * wave)::bigint, (failed * wave * (ago % 17 = 0)::int)::bigint,
       (deferred * wave)::bigint, (SELECT array_agg((buckets * wave)::integer ORDER BY bucket)
         FROM unnest(lateness) WITH ORDINALITY AS histogram (buckets, bucket))
     FROM (SELECT * FROM dispatch_minutes ORDER BY delivered DESC LIMIT 1) busiest,
       generate_series(1, 59) AS ago, LATERAL (SELECT 0.35 + 0.25 * sin(ago / 6.0) AS wave) AS waves
     ON CONFLICT DO NOTHING`,
  ]);
  if (exitCode !== 0) throw new Error(`the minutes could not be repeated: ${stderr}`);
}
