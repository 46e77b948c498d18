import type { LookupAddress } from 'node:dns';
import { lookup } from 'node:dns/promises';
import { isIP, type LookupFunction, type Socket } from 'node:net';
import { types } from 'node:util';
import { buildConnector } from 'undici';
import { type EgressPolicy, mayConnect, portOf } from './egress-policy.ts';

/** Finds the addresses of a host name. Rejects when there are none. */
export type ResolveHost = (hostname: string) => Promise<readonly LookupAddress[]>;

/** As the operating system resolves names, /etc/hosts and search domains included. */
export const systemResolve: ResolveHost = (hostname) => lookup(hostname, { all: true, verbatim: true });

/** The connection would have led to an address or a port that is not open. Says nothing of which one. */
class EgressDeniedError extends Error {
  override readonly name = 'DestinationRefusedError';
  readonly code = 'ERR_DESTINATION_REFUSED';

  constructor() {
    super('The destination is not open to callbacks');
  }
}

/** One look-up for all who ask for a name at the same time: a burst would otherwise fill the pool of getaddrinfo. */
function shareLookups(resolve: ResolveHost): ResolveHost {
  const underWay = new Map<string, Promise<readonly LookupAddress[]>>();
  return (hostname) => {
    const known = underWay.get(hostname);
    if (known !== undefined) return known;
    const started = resolve(hostname).finally(() => underWay.delete(hostname));
    underWay.set(hostname, started);
    return started;
  };
}

interface GuardedConnectorOptions {
  readonly policy: EgressPolicy;
  readonly resolve: ResolveHost;
  /** For look-up, TCP and TLS together. */
  readonly timeoutMs: number;
  /** In PEM; undefined: those that Node.js trusts. */
  readonly certificateAuthorities?: string | undefined;
}

export interface GuardedConnector {
  readonly connect: buildConnector.connector;
  /** Destroys what is still connecting; undici knows of a socket only once it is connected. */
  close(): void;
}

const MAX_CONNECTORS = 1_000;

/** What undici builds also returns the socket, which its types do not say. */
type Connector = (...parameters: Parameters<buildConnector.connector>) => Socket;

/**
 * Opens connections for undici to open destinations alone. The check stands between the look-up and the connection:
 * the addresses that passed are the only ones the socket is given, so that a name cannot change its mind in between
 * (DNS rebinding), and whatever the URL looked like, the address decides.
 */
export function guardedConnector(options: GuardedConnectorOptions): GuardedConnector {
  const { certificateAuthorities, policy, resolve, timeoutMs } = options;
  const resolveOnce = shareLookups(resolve);
  const connecting = new Set<Socket>();
  /** By port, which a look-up is not told. */
  const connectors = new Map<number, Connector>();

  function lookupAt(port: number): LookupFunction {
    return (hostname, { all }, callback) => {
      resolveOnce(hostname).then(
        (found) => {
          const open = found.filter(({ address }) => mayConnect(policy, { host: hostname, port }, address));
          const [first] = open;
          if (first === undefined) callback(new EgressDeniedError(), '', 0);
          else if (all === true) callback(null, open);
          else callback(null, first.address, first.family);
        },
        (error: unknown) => {
          callback(types.isNativeError(error) ? error : new Error('the look-up failed'), '', 0);
        },
      );
    };
  }

  function connectorAt(port: number): Connector {
    const known = connectors.get(port);
    if (known !== undefined) return known;
    if (connectors.size >= MAX_CONNECTORS) connectors.clear();
    const connector = buildConnector({
      timeout: timeoutMs,
      lookup: lookupAt(port),
      autoSelectFamily: true,
      ...(certificateAuthorities !== undefined && { ca: certificateAuthorities }),
    }) as Connector;
    connectors.set(port, connector);
    return connector;
  }

  return {
    connect: (target, callback) => {
      const port = portOf(target);
      // Addresses never come to a look-up.
      if (
        isIP(target.hostname) !== 0 &&
        !mayConnect(policy, { host: target.hostname, port }, target.hostname)
      ) {
        queueMicrotask(() => {
          callback(new EgressDeniedError(), null);
        });
        return;
      }
      const socket = connectorAt(port)(target, (...result) => {
        connecting.delete(socket);
        callback(...result);
      });
      connecting.add(socket);
    },
    close: () => {
      for (const socket of connecting) socket.destroy();
    },
  };
}
