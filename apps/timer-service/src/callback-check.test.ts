import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { type CallbackConfig, errorResponseSchema, type JsonInput } from '@timer-platform/callback-types';
import { recordInstallationSettings } from '@timer-platform/database';
import { z } from 'zod';
import { startTestApi } from './api/testing/test-api.ts';
import { callbackCheck, type DeliveryLimits } from './callback-check.ts';
import { recordedEgressPolicy } from './installation/recorded-egress-policy.ts';
import { ADDRESS_RANGES } from './transports/egress/address-class.ts';
import { parseAllowedEndpoint } from './transports/egress/allowed-endpoint.ts';
import { DEFAULT_DENIED_PORTS } from './transports/egress/denied-ports.ts';
import type { EgressPolicy } from './transports/egress/egress-policy.ts';
import { HOSTILE_HOSTS } from './transports/testing/hostile-hosts.ts';

let limits: DeliveryLimits;
const api = await startTestApi({
  checkCallback: (callback, payloadBytes) => callbackCheck(limits)(callback, payloadBytes),
});
afterAll(() => api.close());

const PRODUCTION: EgressPolicy = {
  allowed: [],
  deniedPorts: new Set(DEFAULT_DENIED_PORTS),
  allowLoopback: false,
};

function allowing(...items: string[]): EgressPolicy {
  const allowed = items.map(parseAllowedEndpoint).filter((endpoint) => endpoint !== undefined);
  expect(allowed).toHaveLength(items.length);
  return { ...PRODUCTION, allowed };
}

/** The API and schedule_timer judge by these limits from now on. */
async function use(
  change: Partial<Omit<DeliveryLimits, 'natsMaxPayload'>>,
  maxPayload?: number,
): Promise<void> {
  limits = {
    egressPolicy: PRODUCTION,
    isNatsConfigured: true,
    natsMaxPayload: () => maxPayload,
    ...change,
  };
  const settings = {
    encryptsHeaders: false,
    deliversNats: limits.isNatsConfigured,
    egressPolicy: recordedEgressPolicy(limits.egressPolicy),
    natsMaxPayload: maxPayload,
  };
  await recordInstallationSettings(api.db, settings, true);
}

/** Code 0, or what the response has. */
interface Verdict {
  readonly code: number;
  readonly reason?: string | undefined;
  readonly errors?: readonly { readonly path: string; readonly message: string }[] | undefined;
}

const ACCEPTED: Verdict = { code: 0 };
const refused = (path: string, message: string): Verdict => ({ code: 2, errors: [{ path, message }] });
const verdictSchema = z.object({
  code: z.number(),
  reason: z.string().optional(),
  errors: z.array(z.object({ path: z.string(), message: z.string() })).optional(),
});

async function verdictOfApi(callback: CallbackConfig): Promise<Verdict> {
  const response = await api.request('POST', '/timers', { delay: '1h', callback });
  return response.status === 201 ? ACCEPTED : verdictSchema.parse(errorResponseSchema.parse(response.body));
}

async function verdictOfSql(callback: CallbackConfig): Promise<Verdict> {
  try {
    const text = `SELECT schedule_timer($1::jsonb, delay => interval '1 hour')`;
    await api.db.rows({ name: 'schedule', text }, [JSON.stringify(callback)]);
    return ACCEPTED;
  } catch (error) {
    const { detail } = z.object({ detail: z.string() }).parse(error);
    return verdictSchema.parse(JSON.parse(detail));
  }
}

/** The verdict of both. */
async function verdictOf(callback: CallbackConfig): Promise<Verdict> {
  const [ofApi, ofSql] = await Promise.all([verdictOfApi(callback), verdictOfSql(callback)]);
  expect({ callback, ...ofSql }).toStrictEqual({ callback, ...ofApi });
  return ofApi;
}

const verdictOfUrl = (url: string): Promise<Verdict> => verdictOf({ type: 'http', url });

const denied = (what: string): Verdict =>
  refused('callback.url', `must not point to ${what}; the operator can allow it with ALLOWED_DESTINATIONS`);
const LOOPBACK = denied('a loopback address');
const INTERNAL = denied('an address that is not public');
const TRANSLATED = denied('an address behind NAT64');
const METADATA = refused(
  'callback.url',
  'must not point to a cloud metadata service, which is never allowed',
);
const deniedPort = (port: number): Verdict =>
  refused(
    'callback.url',
    `must not use port ${port}, one of DENIED_PORTS; the operator can allow it with ALLOWED_DESTINATIONS=host:port`,
  );

const isAscii = (text: string): boolean => /^[!-~]*$/.test(text) && !text.includes('%');

describe('by the settings of production, the API and schedule_timer', () => {
  beforeAll(() => use({}));

  test.each<[string, Verdict]>([
    ['https://example.com/', ACCEPTED],
    ['http://8.8.8.8/', ACCEPTED],
    ['http://[2606:4700:4700::1111]/', ACCEPTED],
    ['http://localhost.example.com/', ACCEPTED],
    ['http://notlocalhost/', ACCEPTED],
    ['http://./', ACCEPTED],
    ['http://127.0.0.1/', LOOPBACK],
    ['http://0x7f.1:8080/', LOOPBACK],
    ['http://a.LOCALHOST./', LOOPBACK],
    ['http://[::ffff:7f00:1]/', LOOPBACK],
    ['http://0/', INTERNAL],
    ['http://192.168.257/', INTERNAL],
    ['http://[64:FF9B:1::1]/', INTERNAL],
    ['http://[::127.0.0.1]/', INTERNAL],
    ['http://[64:ff9b::8.8.8.8]/', TRANSLATED],
    ['http://[64:ff9b::a9fe:a9fe]/', METADATA],
    ['http://0251.0376.0251.0376/', METADATA],
    ['http://metadata.google.internal./', METADATA],
    ['http://example.com:6379/', deniedPort(6_379)],
    ['https://example.com:06379?q', deniedPort(6_379)],
    ['http://[2606:4700:4700::1111]:22/', deniedPort(22)],
    ['http://example.com:0/', ACCEPTED],
    ['https://example.com:/', ACCEPTED],
    ['http://10.0.0.1:6379/', INTERNAL],
  ])('have the same verdict of %s', async (url, expected) => {
    expect(await verdictOfUrl(url)).toStrictEqual(expected);
  });

  test('refuse every hostile host, with the same message if it is ASCII', async () => {
    const ascii = HOSTILE_HOSTS.filter(isAscii);
    for (const host of ascii) expect(await verdictOfUrl(`http://${host}/`)).toMatchObject({ code: 2 });
    for (const host of HOSTILE_HOSTS.filter((text) => !isAscii(text))) {
      const callback = { type: 'http', url: `http://${host}/` } as const;
      expect(await verdictOfApi(callback)).toMatchObject({ code: 2, errors: [{ path: 'callback.url' }] });
      expect(await verdictOfSql(callback)).toMatchObject({ code: 2, errors: [{ path: 'callback.url' }] });
    }
    expect(ascii.length).toBeGreaterThan(70);
  });

  test('agree on the first address of every range', async () => {
    const hosts = ADDRESS_RANGES.map(([range]) => range.replace(/\/.*/, ''));
    for (const host of hosts) await verdictOfUrl(`http://${host.includes(':') ? `[${host}]` : host}/`);
    expect(hosts.length).toBeGreaterThan(30);
  });

  test('agree on the denied ports', async () => {
    for (const port of DEFAULT_DENIED_PORTS)
      expect(await verdictOfUrl(`http://example.com:${port}/`)).toStrictEqual(deniedPort(port));
  });
});

describe('by the list of allowed destinations, the API and schedule_timer', () => {
  test.each<[string, string, Verdict]>([
    ['10.1.0.0/16', 'http://10.1.2.3/', ACCEPTED],
    ['10.1.9.9/16', 'http://10.1.2.3/', ACCEPTED],
    ['10.1.0.0/16', 'http://10.2.0.1/', INTERNAL],
    ['10.1.0.0/16', 'http://[::ffff:10.1.2.3]/', ACCEPTED],
    ['10.1.0.0/16', 'http://10.1.2.3:6379/', deniedPort(6_379)],
    ['10.1.2.3:8080', 'http://10.1.2.3:8080/', ACCEPTED],
    ['10.1.2.3:8080', 'http://10.1.2.3/', INTERNAL],
    ['10.1.2.3:6379', 'http://10.1.2.3:6379/', ACCEPTED],
    ['[fd00::1]:8080', 'http://[fd00::1]:8080/', ACCEPTED],
    ['fd00::/8', 'http://[fe80::1]/', INTERNAL],
    ['Hooks.Internal.', 'http://HOOKS.internal./', ACCEPTED],
    ['hooks.internal', 'http://hooks.internal:6379/', deniedPort(6_379)],
    ['hooks.internal:6379', 'http://hooks.internal:6379/', ACCEPTED],
    ['localhost', 'http://localhost:3000/', ACCEPTED],
    ['localhost:3000', 'http://localhost/', LOOPBACK],
    ['127.0.0.1', 'http://localhost/', ACCEPTED],
    ['[::1]:3000', 'http://a.localhost:3000/', ACCEPTED],
    ['[::1]:3000', 'http://a.localhost:3001/', LOOPBACK],
    ['metadata', 'http://metadata/', ACCEPTED],
    ['0.0.0.0/0', 'http://169.254.169.254/', METADATA],
    ['::/0', 'http://10.0.0.1/', INTERNAL],
    ['64:ff9b::/96', 'http://[64:ff9b::8.8.8.8]/', ACCEPTED],
    ['64:ff9b::/96', 'http://[64:ff9b::10.0.0.1]/', TRANSLATED],
    ['64:ff9b::/96', 'http://[64:ff9b::a9fe:a9fe]/', METADATA],
  ])('with %s have the same verdict of %s', async (item, url, expected) => {
    await use({ egressPolicy: allowing(item) });
    expect(await verdictOfUrl(url)).toStrictEqual(expected);
  });

  test('allow loopback addresses in development', async () => {
    await use({ egressPolicy: { ...PRODUCTION, allowLoopback: true } });
    expect(await verdictOfUrl('http://localhost:3000/')).toStrictEqual(ACCEPTED);
    expect(await verdictOfUrl('http://[::1]/')).toStrictEqual(ACCEPTED);
    expect(await verdictOfUrl('http://10.0.0.1/')).toStrictEqual(INTERNAL);
  });

  test('allow every port that is not denied', async () => {
    await use({ egressPolicy: { ...PRODUCTION, deniedPorts: new Set() } });
    expect(await verdictOfUrl('http://example.com:22/')).toStrictEqual(ACCEPTED);
  });
});

describe('by the limit of the NATS server, the API and schedule_timer', () => {
  const ofPayload = (payload: JsonInput | undefined): Promise<Verdict> =>
    verdictOf({ type: 'nats', topic: 'orders', ...(payload === undefined ? {} : { payload }) });
  const TOO_LARGE = refused(
    'callback.type',
    'the payload is larger than the NATS server accepts: 100 bytes (its setting max_payload)',
  );

  beforeAll(() => use({}, 100));

  test.each<[string, JsonInput | undefined, Verdict]>([
    ['of 100 bytes', 'a'.repeat(98), ACCEPTED],
    ['of 101 bytes', 'a'.repeat(99), TOO_LARGE],
    ['of 101 bytes in 50 characters', 'ü'.repeat(49) + 'a', TOO_LARGE],
    ['with spaces, as PostgreSQL prints it', Array.from({ length: 34 }, () => 1), TOO_LARGE],
    ['of a number with 309 digits', 1e308, TOO_LARGE],
    ['of many escapes', '\n'.repeat(50), TOO_LARGE],
    ['of null', null, ACCEPTED],
    ['of nothing', undefined, ACCEPTED],
  ])('have the same verdict of a payload %s', async (_, payload, expected) => {
    expect(await ofPayload(payload)).toStrictEqual(expected);
  });

  test('accept every payload while the limit is not known', async () => {
    await api.db.rows({ name: '', text: 'UPDATE installation_settings SET nats_max_payload = NULL' });
    await use({});
    expect(await ofPayload('a'.repeat(1_000))).toStrictEqual(ACCEPTED);
  });

  test('refuse NATS where it is not configured', async () => {
    await use({ isNatsConfigured: false });
    const callback: CallbackConfig = { type: 'nats', topic: 'orders' };
    const refusal = { code: 2, errors: [{ path: 'callback.type' }] };
    expect(await verdictOfApi(callback)).toMatchObject(refusal);
    expect(await verdictOfSql(callback)).toMatchObject(refusal);
  });
});
