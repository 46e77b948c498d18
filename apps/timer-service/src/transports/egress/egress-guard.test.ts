import { once } from 'node:events';
import { createServer, type Server } from 'node:http';
import { afterAll, beforeAll, beforeEach, describe, expect, test } from '@jest/globals';
import { storedHttpCallbackSchema } from '@timer-platform/callback-types';
import { type Receiver, startReceiver } from '@timer-platform/test-support';
import { systemClock } from '../../clock.ts';
import { httpTransport } from '../http/http-transport.ts';
import { type DnsServer, startDnsServer, type Zone } from '../testing/dns-server.ts';
import { HOSTILE_ADDRESSES, HOSTILE_HOSTS } from '../testing/hostile-hosts.ts';
import type { Outcome, Transport } from '../transport.ts';
import { parseAllowedEndpoint } from './allowed-endpoint.ts';
import { DEFAULT_DENIED_PORTS } from './denied-ports.ts';
import { egressDenialReason, type EgressPolicy } from './egress-policy.ts';

const REFUSED: Outcome = {
  kind: 'permanent',
  reason: 'the destination is not open to callbacks (ALLOWED_DESTINATIONS)',
  statusCode: null,
};

const families: Readonly<Record<string, 'A' | 'AAAA'>> = { false: 'A', true: 'AAAA' };

function answering(...addresses: readonly string[]): Zone {
  return (_, type) => addresses.filter((address) => families[String(address.includes(':'))] === type);
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
  return transport.send({ timerId: 'f1b4ec5e-6a0a-4c3c-9f5b-0d2f9e6c8a01', callback, payload: '{}' });
}

/** Requests that arrived while something was done. */
async function arriving(work: () => Promise<void>): Promise<number> {
  const before = receiver.requests.length;
  await work();
  return receiver.requests.length - before;
}

test('has a table of at least 60 hostile URLs and answers', () => {
  expect(new Set(HOSTILE_HOSTS).size).toBe(HOSTILE_HOSTS.length);
  expect(HOSTILE_HOSTS.length + HOSTILE_ADDRESSES.length).toBeGreaterThanOrEqual(60);
});

describe('a URL that leads inside', () => {
  test.each(HOSTILE_HOSTS)(
    '%s is refused when a timer is created, and when it is delivered',
    async (host) => {
      for (const url of [
        `http://${host}:${receiver.port}/`,
        `https://${host}/`,
        `http://user:pw@${host}:8080/x?y`,
      ])
        expect(egressDenialReason(url, policy())).toMatch(/^must not lead to /);
      await withTransport([], async (transport) => {
        expect(await send(transport, `http://${host}:${receiver.port}/`)).toEqual(REFUSED);
      });
    },
  );

  test.each([
    [['127.0.0.1'], ['127.0.0.1', '127.1', '2130706433', '0x7f.0.0.1', '[::ffff:127.0.0.1]', '①②⑦.⓪.⓪.①']],
    [['10.0.0.0/8'], ['10.0.0.1', '10.255.255.255', '0xa000001', '167772161', '[::ffff:10.0.0.1]']],
    [['localhost'], ['localhost', 'LOCALHOST', 'localhost.', 'ⓛocalhost']],
    [['fc00::/7'], ['[fc00::1]', '[fd12:3456::1]']],
    [['[::1]'], ['[::1]', '[0:0:0:0:0:0:0:1]']],
    [['169.254.0.0/16'], []],
  ])('ALLOWED_DESTINATIONS=%s opens %j, and with them nothing else', (allowed, opened) => {
    const open = HOSTILE_HOSTS.filter(
      (host) => egressDenialReason(`http://${host}/`, policy(allowed)) === undefined,
    );
    expect(open).toEqual(expect.arrayContaining([...opened]));
    const sameAddress = new Set(opened.map((host) => new URL(`http://${host}/`).hostname));
    const others = open.filter(
      (host) => !opened.includes(host) && !sameAddress.has(new URL(`http://${host}/`).hostname),
    );
    // Names of this machine cannot be told apart before they are resolved: they follow its addresses.
    const names = allowed.some((item) => item === '127.0.0.1' || item === '[::1]')
      ? /localhost|loopback/i
      : /^$/;
    expect(others.filter((host) => !names.test(new URL(`http://${host}/`).hostname))).toEqual([]);
  });

  test('reaches the receiver in every spelling that ALLOWED_DESTINATIONS opens: the control', async () => {
    const spellings = ['127.0.0.1', '127.1', '2130706433', '0x7f.0.0.1', '[::ffff:127.0.0.1]'];
    const arrived = await arriving(() =>
      withTransport([`127.0.0.1:${receiver.port}`], async (transport) => {
        for (const host of spellings)
          expect(await send(transport, `http://${host}:${receiver.port}/`)).toMatchObject({
            kind: 'delivered',
          });
        expect(await send(transport, `http://127.0.0.2:${receiver.port}/`)).toEqual(REFUSED);
        expect(await send(transport, 'http://127.0.0.1:1024/')).toEqual(REFUSED);
      }),
    );
    expect(arrived).toBe(spellings.length);
  });
});

describe('a name that leads inside', () => {
  test.each(HOSTILE_ADDRESSES)('and is resolved to %s is refused when it is delivered', async (address) => {
    zone = answering(address);
    const url = `http://hook.example:${receiver.port}/`;
    // Nothing speaks against the name itself.
    expect(egressDenialReason(url, policy())).toBeUndefined();
    const arrived = await arriving(() =>
      withTransport([], async (transport) => {
        expect(await send(transport, url)).toEqual(REFUSED);
        expect(await send(transport, url.replace('http:', 'https:'))).toEqual(REFUSED);
      }),
    );
    expect(arrived).toBe(0);
    expect(dns.questions.at(-1)).toBe('hook.example');
  });

  test('and is resolved to many such addresses at once is refused', async () => {
    zone = answering(...HOSTILE_ADDRESSES);
    await withTransport([], async (transport) => {
      expect(await send(transport, `http://hook.example:${receiver.port}/`)).toEqual(REFUSED);
    });
  });

  test('is reached at the open one of its addresses alone', async () => {
    zone = answering('10.0.0.1', '127.0.0.1', 'fd00::1', '169.254.169.254');
    const arrived = await arriving(() =>
      withTransport(['127.0.0.1'], async (transport) => {
        expect(await send(transport, `http://hook.example:${receiver.port}/`)).toMatchObject({
          kind: 'delivered',
        });
      }),
    );
    expect(arrived).toBe(1);
  });

  test('is opened by its name and port, and no other name with it', async () => {
    zone = answering('127.0.0.1');
    const arrived = await arriving(() =>
      withTransport([`hook.example:${receiver.port}`], async (transport) => {
        expect(await send(transport, `http://hook.example:${receiver.port}/`)).toMatchObject({
          kind: 'delivered',
        });
        expect(await send(transport, `http://Hook.Example.:${receiver.port}/`)).toMatchObject({
          kind: 'delivered',
        });
        expect(await send(transport, `http://other.example:${receiver.port}/`)).toEqual(REFUSED);
        expect(await send(transport, `http://sub.hook.example:${receiver.port}/`)).toEqual(REFUSED);
        expect(await send(transport, 'http://hook.example:1024/')).toEqual(REFUSED);
      }),
    );
    expect(arrived).toBe(2);
  });

  test('stays closed with a metadata address, whatever is open', async () => {
    const allowed = ['0.0.0.0/0', '::/0', 'hook.example', '169.254.169.254:80'];
    for (const address of [
      '169.254.169.254',
      '::ffff:169.254.169.254',
      'fd00:ec2::254',
      '64:ff9b::169.254.169.254',
    ]) {
      zone = answering(address);
      await withTransport(allowed, async (transport) => {
        expect(await send(transport, 'http://hook.example/')).toEqual(REFUSED);
      });
    }
  });

  test('that does not exist is retryable, not refused', async () => {
    await withTransport([], async (transport) => {
      expect(await send(transport, 'http://nowhere.example/')).toMatchObject({
        kind: 'retryable',
        reason: 'host not found',
      });
    });
  });
});

test.each(DEFAULT_DENIED_PORTS)('port %i is closed on public hosts as well', async (port) => {
  zone = answering('127.0.0.1');
  expect(egressDenialReason(`http://example.com:${port}/`, policy())).toContain('DENIED_PORTS');
  await withTransport(['127.0.0.1', 'hook.example'], async (transport) => {
    expect(await send(transport, `http://hook.example:${port}/`)).toEqual(REFUSED);
  });
});

describe('a name that changes its mind (DNS rebinding)', () => {
  /** A second address of this machine, where the guard must never let a request arrive. */
  let trap: Server;
  let trapAddress: string;
  let caught = 0;

  beforeAll(async () => {
    trap = createServer((_, response) => {
      caught += 1;
      response.end();
    });
    // Linux answers on all of 127.0.0.0/8; elsewhere ::1 is the second address.
    trapAddress = process.platform === 'linux' ? '127.0.0.2' : '::1';
    trap.listen(receiver.port, trapAddress);
    await once(trap, 'listening');
  });

  afterAll(() => {
    trap.closeAllConnections();
    trap.close();
  });

  /** Open at every odd look-up, closed at every even one. */
  function alternating(): Zone {
    const asked = { A: 0, AAAA: 0 };
    return (name, type) => {
      asked[type] += 1;
      return answering(asked[type] % 2 === 1 ? '127.0.0.1' : trapAddress)(name, type);
    };
  }

  test('is looked up once for each connection: no second answer is ever used', async () => {
    zone = alternating();
    const before = dns.questions.length;
    await withTransport(['127.0.0.1'], async (transport) => {
      const url = `http://rebind.example:${receiver.port}/`;
      const arrived = await arriving(async () => {
        for (let n = 0; n < 20; n += 1) {
          const outcome = await send(transport, url);
          if (n % 2 === 0) expect(outcome).toMatchObject({ kind: 'delivered' });
          else expect(outcome).toEqual(REFUSED);
        }
      });
      expect(arrived).toBe(10);
    });
    expect(dns.questions.length - before).toBe(40);
    expect(caught).toBe(0);
  });

  test('does not get through in a burst either', async () => {
    zone = alternating();
    await withTransport(['127.0.0.1'], async (transport) => {
      const outcomes = await Promise.all(
        Array.from({ length: 200 }, (_, n) => send(transport, `http://r${n % 50}.example:${receiver.port}/`)),
      );
      const refused = outcomes.filter(({ kind }) => kind === 'permanent');
      expect(outcomes.filter(({ kind }) => kind === 'delivered').length + refused.length).toBe(200);
      expect(refused.length).toBeGreaterThan(0);
    });
    expect(caught).toBe(0);
  });

  test('would have been caught by the trap: the control', async () => {
    zone = answering(trapAddress);
    await withTransport([trapAddress], async (transport) => {
      expect(await send(transport, `http://rebind.example:${receiver.port}/`)).toMatchObject({
        kind: 'delivered',
      });
    });
    expect(caught).toBe(1);
  });
});

test('does not follow a redirect to the inside', async () => {
  const inside = await startReceiver();
  try {
    zone = answering('127.0.0.1');
    receiver.respondWith(() => ({ status: 307, headers: { location: `${inside.url}/` } }));
    await withTransport([`hook.example:${receiver.port}`], async (transport) => {
      expect(await send(transport, `http://hook.example:${receiver.port}/`)).toMatchObject({
        kind: 'retryable',
        statusCode: 307,
      });
    });
    expect(inside.requests).toHaveLength(0);
  } finally {
    receiver.respondWith(() => ({ status: 200, headers: { connection: 'close' } }));
    await inside.stop();
  }
});
