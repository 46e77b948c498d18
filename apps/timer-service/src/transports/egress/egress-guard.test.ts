import { once } from 'node:events';
import { createServer, type Server } from 'node:http';
import { afterAll, beforeAll, beforeEach, describe, expect, test } from '@jest/globals';
import { storedHttpCallbackSchema } from '@timer-platform/callback-types';
import { type Receiver, startReceiver } from '@timer-platform/test-support';
import { systemClock } from '../../clock.ts';
import { httpTransport } from '../http/http-transport.ts';
import { attempt } from '../testing/attempt.ts';
import { type DnsServer, startDnsServer, type Zone } from '../testing/dns-server.ts';
import { HOSTILE_ADDRESSES, HOSTILE_HOSTS } from '../testing/hostile-hosts.ts';
import type { Outcome, Transport } from '../transport.ts';
import { parseAllowedEndpoint } from './allowed-endpoint.ts';
import { DEFAULT_DENIED_PORTS } from './denied-ports.ts';
import { egressDenialReason, type EgressPolicy } from './egress-policy.ts';

const DENIED: Outcome = {
  kind: 'withdrawn',
  cause: 'undeliverable',
  reason: 'callbacks to this host and port are not allowed (ALLOWED_DESTINATIONS)',
};

const recordTypes: Readonly<Record<string, 'A' | 'AAAA'>> = { false: 'A', true: 'AAAA' };

function resolvingTo(...addresses: readonly string[]): Zone {
  return (_, type) => addresses.filter((address) => recordTypes[String(address.includes(':'))] === type);
}

function policy(allowed: readonly string[] = []): EgressPolicy {
  return {
    allowed: allowed.map(parseAllowedEndpoint).filter((parsed) => parsed !== undefined),
    deniedPorts: new Set(DEFAULT_DENIED_PORTS),
    allowLoopback: false,
  };
}

let receiver: Receiver;
let dns: DnsServer;
let zone: Zone;

beforeAll(async () => {
  receiver = await startReceiver(() => ({ status: 200, headers: { connection: 'close' } }));
  dns = await startDnsServer((name, type) => zone(name, type));
});

afterAll(async () => {
  await dns.close();
  await receiver.stop();
});

beforeEach(() => {
  zone = () => undefined;
});

async function withTransport<T>(
  allowed: readonly string[],
  use: (transport: Transport<'http'>) => Promise<T>,
): Promise<T> {
  const transport = httpTransport({
    clock: systemClock,
    userAgent: 'timer-platform/test',
    signingSecrets: [],
    connectTimeoutMs: 10_000,
    egressPolicy: policy(allowed),
    resolve: dns.resolve,
  });
  try {
    return await use(transport);
  } finally {
    await transport.close();
  }
}

function send(transport: Transport<'http'>, url: string): Promise<Outcome> {
  const callback = storedHttpCallbackSchema.parse({ type: 'http', url, headers: {}, timeout_ms: 10_000 });
  return attempt(transport, callback, { payload: '{}' });
}

/** Returns how many requests arrive during `action`. */
async function countRequests(action: () => Promise<void>): Promise<number> {
  const before = receiver.requests.length;
  await action();
  return receiver.requests.length - before;
}

test('the tables have at least 60 different hosts and addresses', () => {
  expect(new Set(HOSTILE_HOSTS).size).toBe(HOSTILE_HOSTS.length);
  expect(HOSTILE_HOSTS.length + HOSTILE_ADDRESSES.length).toBeGreaterThanOrEqual(60);
});

describe('a URL with an internal host', () => {
  test.each(HOSTILE_HOSTS)('is denied at creation and at delivery: %s', async (host) => {
    for (const url of [
      `http://${host}:${receiver.port}/`,
      `https://${host}/`,
      `http://user:pw@${host}:8080/x?y`,
    ])
      expect(egressDenialReason(url, policy())).toMatch(/^must not point to /);
    await withTransport([], async (transport) => {
      expect(await send(transport, `http://${host}:${receiver.port}/`)).toEqual(DENIED);
    });
  });

  test.each([
    [['127.0.0.1'], ['127.0.0.1', '127.1', '2130706433', '0x7f.0.0.1', '[::ffff:127.0.0.1]', '①②⑦.⓪.⓪.①']],
    [['10.0.0.0/8'], ['10.0.0.1', '10.255.255.255', '0xa000001', '167772161', '[::ffff:10.0.0.1]']],
    [['localhost'], ['localhost', 'LOCALHOST', 'localhost.', 'ⓛocalhost']],
    [['fc00::/7'], ['[fc00::1]', '[fd12:3456::1]']],
    [['[::1]'], ['[::1]', '[0:0:0:0:0:0:0:1]']],
    [['169.254.0.0/16'], []],
  ])('ALLOWED_DESTINATIONS=%s allows %j and nothing else', (allowed, expected) => {
    const allowedHosts = HOSTILE_HOSTS.filter(
      (host) => egressDenialReason(`http://${host}/`, policy(allowed)) === undefined,
    );
    expect(allowedHosts).toEqual(expect.arrayContaining([...expected]));
    const sameAddress = new Set(expected.map((host) => new URL(`http://${host}/`).hostname));
    const others = allowedHosts.filter(
      (host) => !expected.includes(host) && !sameAddress.has(new URL(`http://${host}/`).hostname),
    );
    // Loopback names are allowed with any loopback address: what they resolve to is checked later.
    const loopbackNames = allowed.some((item) => item === '127.0.0.1' || item === '[::1]')
      ? /localhost|loopback/i
      : /^$/;
    expect(others.filter((host) => !loopbackNames.test(new URL(`http://${host}/`).hostname))).toEqual([]);
  });

  test('reaches the receiver in every spelling if its address is allowed (control)', async () => {
    const spellings = ['127.0.0.1', '127.1', '2130706433', '0x7f.0.0.1', '[::ffff:127.0.0.1]'];
    const arrived = await countRequests(() =>
      withTransport([`127.0.0.1:${receiver.port}`], async (transport) => {
        for (const host of spellings)
          expect(await send(transport, `http://${host}:${receiver.port}/`)).toMatchObject({
            kind: 'delivered',
          });
        expect(await send(transport, `http://127.0.0.2:${receiver.port}/`)).toEqual(DENIED);
        expect(await send(transport, 'http://127.0.0.1:1024/')).toEqual(DENIED);
      }),
    );
    expect(arrived).toBe(spellings.length);
  });
});

describe('a name that resolves to internal addresses', () => {
  test.each(HOSTILE_ADDRESSES)('is denied at delivery: %s', async (address) => {
    zone = resolvingTo(address);
    const url = `http://hook.example:${receiver.port}/`;
    // The name itself is not denied.
    expect(egressDenialReason(url, policy())).toBeUndefined();
    const arrived = await countRequests(() =>
      withTransport([], async (transport) => {
        expect(await send(transport, url)).toEqual(DENIED);
        expect(await send(transport, url.replace('http:', 'https:'))).toEqual(DENIED);
      }),
    );
    expect(arrived).toBe(0);
    expect(dns.questions.at(-1)).toBe('hook.example');
  });

  test('is denied if it resolves to many of them', async () => {
    zone = resolvingTo(...HOSTILE_ADDRESSES);
    await withTransport([], async (transport) => {
      expect(await send(transport, `http://hook.example:${receiver.port}/`)).toEqual(DENIED);
    });
  });

  test('is reached only at its allowed address', async () => {
    zone = resolvingTo('10.0.0.1', '127.0.0.1', 'fd00::1', '169.254.169.254');
    const arrived = await countRequests(() =>
      withTransport(['127.0.0.1'], async (transport) => {
        expect(await send(transport, `http://hook.example:${receiver.port}/`)).toMatchObject({
          kind: 'delivered',
        });
      }),
    );
    expect(arrived).toBe(1);
  });

  test('is allowed by its name and port, without other names', async () => {
    zone = resolvingTo('127.0.0.1');
    const arrived = await countRequests(() =>
      withTransport([`hook.example:${receiver.port}`], async (transport) => {
        expect(await send(transport, `http://hook.example:${receiver.port}/`)).toMatchObject({
          kind: 'delivered',
        });
        expect(await send(transport, `http://Hook.Example.:${receiver.port}/`)).toMatchObject({
          kind: 'delivered',
        });
        expect(await send(transport, `http://other.example:${receiver.port}/`)).toEqual(DENIED);
        expect(await send(transport, `http://sub.hook.example:${receiver.port}/`)).toEqual(DENIED);
        expect(await send(transport, 'http://hook.example:1024/')).toEqual(DENIED);
      }),
    );
    expect(arrived).toBe(2);
  });

  test('stays denied at a metadata address, no matter what is allowed', async () => {
    const allowed = ['0.0.0.0/0', '::/0', 'hook.example', '169.254.169.254:80'];
    for (const address of [
      '169.254.169.254',
      '::ffff:169.254.169.254',
      'fd00:ec2::254',
      '64:ff9b::169.254.169.254',
    ]) {
      zone = resolvingTo(address);
      await withTransport(allowed, async (transport) => {
        expect(await send(transport, 'http://hook.example/')).toEqual(DENIED);
      });
    }
  });

  test('is retryable, not denied, if it does not exist', async () => {
    await withTransport([], async (transport) => {
      expect(await send(transport, 'http://nowhere.example/')).toMatchObject({
        kind: 'retryable',
        reason: 'host not found',
      });
    });
  });
});

test.each(DEFAULT_DENIED_PORTS)('denies port %i on public hosts too', async (port) => {
  zone = resolvingTo('127.0.0.1');
  expect(egressDenialReason(`http://example.com:${port}/`, policy())).toContain('DENIED_PORTS');
  await withTransport(['127.0.0.1', 'hook.example'], async (transport) => {
    expect(await send(transport, `http://hook.example:${port}/`)).toEqual(DENIED);
  });
});

describe('a name that resolves differently each time (DNS rebinding)', () => {
  /** A server on a second address of this machine, which no request may reach. */
  let trap: Server;
  let trapAddress: string;
  let trapRequests = 0;

  beforeAll(async () => {
    trap = createServer((_, response) => {
      trapRequests += 1;
      response.end();
    });
    // Linux accepts connections on all of 127.0.0.0/8; other systems use ::1.
    trapAddress = process.platform === 'linux' ? '127.0.0.2' : '::1';
    trap.listen(receiver.port, trapAddress);
    await once(trap, 'listening');
  });

  afterAll(() => {
    trap.closeAllConnections();
    trap.close();
  });

  /** Returns an allowed address for every odd lookup and a denied one for every even lookup. */
  function alternating(): Zone {
    const lookups = { A: 0, AAAA: 0 };
    return (name, type) => {
      lookups[type] += 1;
      return resolvingTo(lookups[type] % 2 === 1 ? '127.0.0.1' : trapAddress)(name, type);
    };
  }

  test('is looked up once per connection', async () => {
    zone = alternating();
    const before = dns.questions.length;
    await withTransport(['127.0.0.1'], async (transport) => {
      const url = `http://rebind.example:${receiver.port}/`;
      const arrived = await countRequests(async () => {
        for (let n = 0; n < 20; n += 1) {
          const outcome = await send(transport, url);
          if (n % 2 === 0) expect(outcome).toMatchObject({ kind: 'delivered' });
          else expect(outcome).toEqual(DENIED);
        }
      });
      expect(arrived).toBe(10);
    });
    expect(dns.questions.length - before).toBe(40);
    expect(trapRequests).toBe(0);
  });

  test('is denied in a burst too', async () => {
    zone = alternating();
    await withTransport(['127.0.0.1'], async (transport) => {
      const outcomes = await Promise.all(
        Array.from({ length: 200 }, (_, n) => send(transport, `http://r${n % 50}.example:${receiver.port}/`)),
      );
      const denied = outcomes.filter(({ kind }) => kind === 'withdrawn');
      expect(outcomes.filter(({ kind }) => kind === 'delivered').length + denied.length).toBe(200);
      expect(denied.length).toBeGreaterThan(0);
    });
    expect(trapRequests).toBe(0);
  });

  test('reaches the trap if its address is allowed (control)', async () => {
    zone = resolvingTo(trapAddress);
    await withTransport([trapAddress], async (transport) => {
      expect(await send(transport, `http://rebind.example:${receiver.port}/`)).toMatchObject({
        kind: 'delivered',
      });
    });
    expect(trapRequests).toBe(1);
  });
});

test('does not follow a redirect to an internal address', async () => {
  const internal = await startReceiver();
  try {
    zone = resolvingTo('127.0.0.1');
    receiver.respondWith(() => ({ status: 307, headers: { location: `${internal.url}/` } }));
    await withTransport([`hook.example:${receiver.port}`], async (transport) => {
      expect(await send(transport, `http://hook.example:${receiver.port}/`)).toMatchObject({
        kind: 'retryable',
        statusCode: 307,
      });
    });
    expect(internal.requests).toHaveLength(0);
  } finally {
    receiver.respondWith(() => ({ status: 200, headers: { connection: 'close' } }));
    await internal.stop();
  }
});
