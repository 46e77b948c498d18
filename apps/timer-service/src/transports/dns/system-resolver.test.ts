import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';
import { storedHttpCallbackSchema } from '@timer-platform/callback-types';
import { type Receiver, startReceiver } from '@timer-platform/test-support';
import { systemClock } from '../../clock.ts';
import { httpTransport } from '../http/http-transport.ts';
import { attempt } from '../testing/attempt.ts';
import { type DnsServer, startDnsServer, type Zone } from '../testing/dns-server.ts';
import { dnsQuery } from './dns-query.ts';
import type { ResolveHost } from './resolve-host.ts';
import { systemResolver } from './system-resolver.ts';

let zone: Zone;
let dns: DnsServer;
/** Names that reached getaddrinfo. */
let systemLookups: string[];
let resolve: ResolveHost;

beforeEach(async () => {
  zone = () => undefined;
  dns = await startDnsServer((name, type) => zone(name, type), 30);
  systemLookups = [];
  resolve = systemResolver(systemClock, {
    hosts: (hostname) => (hostname === 'box' ? [{ address: '10.0.0.5', family: 4 }] : undefined),
    query: dnsQuery(systemClock, [dns.address]),
    systemLookup: (hostname) => {
      systemLookups.push(hostname);
      return hostname === 'container'
        ? Promise.resolve([{ address: '172.18.0.2', family: 4 }])
        : Promise.reject(Object.assign(new Error('a'), { code: 'ENOTFOUND' }));
    },
  });
});

afterEach(async () => {
  await dns.close();
});

test('returns IPv4 and IPv6 addresses', async () => {
  zone = (_, type) => (type === 'A' ? ['192.0.2.1', '192.0.2.2'] : ['2001:db8::1']);
  expect(await resolve('hook.example')).toHaveLength(3);
  expect(dns.questions).toEqual(['hook.example', 'hook.example']);
  await resolve('hook.example');
  expect(dns.questions).toHaveLength(2);
  expect(systemLookups).toEqual([]);
});

test('prefers the hosts file', async () => {
  zone = () => ['192.0.2.1'];
  expect(await resolve('box')).toEqual([{ address: '10.0.0.5', family: 4 }]);
  expect(dns.questions).toEqual([]);
});

test('asks getaddrinfo for names that name servers do not know', async () => {
  expect(await resolve('container')).toEqual([{ address: '172.18.0.2', family: 4 }]);
  await expect(resolve('nowhere.example')).rejects.toMatchObject({ code: 'ENOTFOUND' });
  zone = () => [];
  await expect(resolve('empty.example')).rejects.toMatchObject({ code: 'ENOTFOUND' });
  expect(systemLookups).toEqual(['container', 'nowhere.example', 'empty.example']);
});

test('does not wait for IPv6 addresses if there is an IPv4 address', async () => {
  zone = (_, type) => (type === 'A' ? ['192.0.2.1'] : 'silent');
  const startedMs = performance.now();
  expect(await resolve('hook.example')).toEqual([{ address: '192.0.2.1', family: 4 }]);
  expect(performance.now() - startedMs).toBeLessThan(900);
});

test('gives up on a silent name without getaddrinfo', async () => {
  zone = () => 'silent';
  await expect(resolve('silent.example')).rejects.toMatchObject({ code: 'ETIMEOUT' });
  expect(systemLookups).toEqual([]);
});

describe('with the HTTP transport', () => {
  let receiver: Receiver;

  beforeEach(async () => {
    receiver = await startReceiver();
  });

  afterEach(async () => {
    await receiver.stop();
  });

  test('silent names do not delay others', async () => {
    zone = (name, type) => {
      if (name.startsWith('silent')) return 'silent';
      return type === 'A' ? ['127.0.0.1'] : [];
    };
    const transport = httpTransport({
      clock: systemClock,
      userAgent: 'timer-platform/test',
      signingSecrets: [],
      connectTimeoutMs: 10_000,
      egressPolicy: { allowed: [], deniedPorts: new Set(), allowLoopback: true },
      resolve,
    });
    const send = (name: string) =>
      attempt(
        transport,
        storedHttpCallbackSchema.parse({ type: 'http', url: `http://${name}.example:${receiver.port}/` }),
      );
    try {
      const ended: string[] = [];
      const silent = ['silent1', 'silent2', 'silent3', 'silent4', 'silent5'].map(async (name) => {
        const outcome = await send(name);
        ended.push(name);
        return outcome;
      });
      const healthy = await Promise.all(Array.from({ length: 20 }, (_, n) => send(`healthy${n}`)));
      expect(healthy.map(({ kind }) => kind)).toEqual(healthy.map(() => 'delivered'));
      expect(ended).toEqual([]);
      for (const outcome of await Promise.all(silent))
        expect(outcome).toMatchObject({
          kind: 'retryable',
          reason: 'host name could not be resolved',
          unavailable: 'endpoint',
        });
    } finally {
      await transport.close();
    }
  });
});
