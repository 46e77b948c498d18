import { describe, expect, test } from '@jest/globals';
import { DEFAULT_DENIED_PORTS } from './egress/denied-ports.ts';
import { createEgressPolicy, transportSettingsSchema } from './transport-settings.ts';

const SECRET = `whsec_${Buffer.alloc(32, 1).toString('base64')}`;

function read(env: Record<string, string>) {
  return transportSettingsSchema.parse(env);
}

function issues(env: Record<string, string>): string[] {
  const result = transportSettingsSchema.safeParse(env);
  return (result.error?.issues ?? []).map(({ message, path }) => `${path.join('.')} ${message}`);
}

test('allows only public endpoints, signs nothing and has no NATS by default', () => {
  const settings = read({});
  expect(settings).toMatchObject({
    allowedEndpoints: [],
    signingSecrets: [],
    httpConnectTimeoutMs: 10_000,
  });
  expect(settings.nats).toBeUndefined();
  expect([...settings.deniedPorts]).toEqual(DEFAULT_DENIED_PORTS);
});

test('reports every issue at once, without secrets', () => {
  const found = issues({
    ALLOWED_DESTINATIONS: '10.0.0.0/8, *.internal',
    SIGNING_SECRETS: `${SECRET}, hunter2`,
    DENIED_PORTS: '22, http',
    HTTP_CONNECT_TIMEOUT_MS: 'soon',
    NATS_URL: 'nats://timer:hunter3@a:4222, http://b',
  });
  expect(found.sort()).toEqual([
    'ALLOWED_DESTINATIONS has an item that is not a host, host:port, address or CIDR: "*.internal"',
    'DENIED_PORTS must be ports separated by commas, or none',
    'HTTP_CONNECT_TIMEOUT_MS must be a whole number',
    'NATS_URL must be nats://host:port or tls://host:port, optionally with user:password@ or token@ before the host; separate several with commas',
    'SIGNING_SECRETS (item 2) must be whsec_ followed by base64: generate one with echo whsec_$(openssl rand -base64 32)',
  ]);
});

test('parses the egress policy', () => {
  const settings = read({ ALLOWED_DESTINATIONS: '10.0.0.0/8, hooks.internal:8080', DENIED_PORTS: '22,25' });
  const policy = createEgressPolicy(settings, true);
  expect(policy.allowed).toHaveLength(2);
  expect(policy.allowed[1]).toEqual({ kind: 'host', host: 'hooks.internal', port: 8080 });
  expect(policy.deniedPorts).toEqual(new Set([22, 25]));
  expect(policy.allowLoopback).toBe(true);
  expect(read({ DENIED_PORTS: 'none' }).deniedPorts.size).toBe(0);
});

describe('NATS', () => {
  test('parses a URL', () => {
    expect(read({ NATS_URL: 'nats://us%40er:p%3Aw@a.example:4333' }).nats).toEqual({
      servers: ['a.example:4333'],
      user: 'us@er',
      password: 'p:w',
      token: undefined,
      credsFile: undefined,
      tls: undefined,
      timeoutMs: 10_000,
    });
    expect(read({ NATS_URL: 'tls://t0ken@a.example' }).nats).toMatchObject({
      servers: ['a.example:4222'],
      user: undefined,
      token: 't0ken',
      tls: {},
    });
    expect(read({ NATS_URL: 'a.example, nats://[::1]:4333' }).nats?.servers).toEqual([
      'a.example:4222',
      '[::1]:4333',
    ]);
  });

  test('parses separate variables', () => {
    const env = { NATS_HOST: 'a.example', NATS_PORT: '4333', NATS_USER: 'u', NATS_PASSWORD: 'p' };
    expect(read(env).nats).toMatchObject({ servers: ['a.example:4333'], user: 'u', password: 'p' });
    expect(read({ NATS_HOST: '::1' }).nats?.servers).toEqual(['[::1]:4222']);
    expect(read({ NATS_URL: 'a', NATS_USER: 'u', NATS_PASSWORD: 'p' }).nats).toMatchObject({
      user: 'u',
      password: 'p',
    });
    expect(
      read({
        NATS_HOST: 'a',
        NATS_CREDS_FILE: '/c',
        NATS_TLS_CA_FILE: '/ca',
        NATS_TLS_CERT_FILE: '/cert',
        NATS_TLS_KEY_FILE: '/key',
        NATS_TIMEOUT_MS: '500',
      }).nats,
    ).toMatchObject({
      credsFile: '/c',
      tls: { caFile: '/ca', certFile: '/cert', keyFile: '/key' },
      timeoutMs: 500,
    });
  });

  test.each([
    [{ NATS_URL: 'a', NATS_HOST: 'b' }, 'NATS_HOST and NATS_URL are both set: set one of them'],
    [
      { NATS_URL: 'nats://u:p@a', NATS_USER: 'v' },
      'NATS_USER is set, but NATS_URL also has a user name: set one of them',
    ],
    [{ NATS_USER: 'u' }, 'NATS_USER is set, but neither NATS_URL nor NATS_HOST is'],
    [{ NATS_CREDS_FILE: '/c' }, 'NATS_CREDS_FILE is set, but neither NATS_URL nor NATS_HOST is'],
    [{ NATS_HOST: 'a b' }, 'NATS_HOST must be a host name or an IP address'],
    [{ NATS_HOST: 'a', NATS_PORT: '0' }, 'NATS_PORT'],
    [{ NATS_URL: 'nats://a,tls://b' }, 'NATS_URL mixes nats:// and tls://: use one scheme for all servers'],
    [
      { NATS_HOST: 'a', NATS_TLS_CERT_FILE: '/cert' },
      'NATS_TLS_CERT_FILE and NATS_TLS_KEY_FILE belong together: set both or neither',
    ],
  ])('rejects %j: %s', (env, issue) => {
    expect(issues(env)).toEqual([expect.stringContaining(issue)]);
  });
});
