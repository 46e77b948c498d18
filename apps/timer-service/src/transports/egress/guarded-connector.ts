import type { LookupAddress } from 'node:dns';
import { lookup } from 'node:dns/promises';
import { isIP, type LookupFunction, type Socket } from 'node:net';
import { types } from 'node:util';
import { buildConnector } from 'undici';
import { type EgressPolicy, mayConnect, portOf } from './egress-policy.ts';

/** Resolves a host name to its addresses. Rejects if there are none. */
export type ResolveHost = (hostname: string) => Promise<readonly LookupAddress[]>;

/** Resolves like the operating system, including /etc/hosts and search domains. */
export const systemResolve: ResolveHost = (hostname) => lookup(hostname, { all: true, verbatim: true });

/** The egress policy denies the address or the port. The message does not say which: it would reveal the network. */
class EgressDeniedError extends Error {
  override readonly name = 'EgressDeniedError';
  readonly code = 'ERR_EGRESS_DENIED';

  constructor() {
    super('The egress policy denies this endpoint');
  }
}

/** Shares a lookup between concurrent requests for a name: a burst would otherwise fill the getaddrinfo thread pool. */
function shareLookups(resolve: ResolveHost): ResolveHost {
  const pending = new Map<string, Promise<readonly LookupAddress[]>>();
  return (hostname) => {
    const existing = pending.get(hostname);
    if (existing !== undefined) return existing;
    const started = resolve(hostname).finally(() => pending.delete(hostname));
    pending.set(hostname, started);
    return started;
  };
}

interface GuardedConnectorOptions {
  readonly policy: EgressPolicy;
  readonly resolve: ResolveHost;
  /** For lookup, TCP and TLS together. */
  readonly timeoutMs: number;
  /** PEM; undefined: the authorities that Node.js trusts. */
  readonly certificateAuthorities?: string | undefined;
}

export interface GuardedConnector {
  readonly connect: buildConnector.connector;
  /** Destroys sockets that are still connecting: undici tracks a socket only after it has connected. */
  close(): void;
}

const MAX_CONNECTORS = 1_000;

/** The connector that undici builds also returns the socket; its types omit that. */
type Connector = (...parameters: Parameters<buildConnector.connector>) => Socket;

/**
 * Opens connections for undici, only to endpoints that the policy allows. The check runs between the DNS lookup and the
 * connection, and the socket gets only the addresses that passed: a name cannot resolve differently in between (DNS
 * rebinding), and the spelling of the URL does not matter.
 */
export function guardedConnector(options: GuardedConnectorOptions): GuardedConnector {
  const { certificateAuthorities, policy, resolve, timeoutMs } = options;
  const resolveOnce = shareLookups(resolve);
  const connecting = new Set<Socket>();
  /** One per port: a lookup function does not receive the port. */
  const connectors = new Map<number, Connector>();

  function lookupAt(port: number): LookupFunction {
    return (hostname, { all }, callback) => {
      resolveOnce(hostname).then(
        (found) => {
          const allowed = found.filter(({ address }) =>
            mayConnect(policy, { host: hostname, port }, address),
          );
          const [first] = allowed;
          if (first === undefined) callback(new EgressDeniedError(), '', 0);
          else if (all === true) callback(null, allowed);
          else callback(null, first.address, first.family);
        },
        (error: unknown) => {
          callback(types.isNativeError(error) ? error : new Error('the lookup failed'), '', 0);
        },
      );
    };
  }

  function connectorAt(port: number): Connector {
    const existing = connectors.get(port);
    if (existing !== undefined) return existing;
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
      // An IP address is not looked up, so it is checked here.
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
