import { isIP, type LookupFunction } from 'node:net';
import type { Duplex } from 'node:stream';
import { types } from 'node:util';
import type { ResolveHost } from '../dns/resolve-host.ts';
import { type EgressPolicy, mayConnect, portOf } from './egress-policy.ts';
import { type ConnectTarget, openSocket, TlsSessions } from './open-socket.ts';

/** The egress policy denies the address or the port. The message does not say which: it would reveal the network. */
class EgressDeniedError extends Error {
  override readonly name = 'EgressDeniedError';
  readonly code = 'ERR_EGRESS_DENIED';

  constructor() {
    super('The egress policy denies this endpoint');
  }
}

interface GuardedConnectorOptions {
  readonly policy: EgressPolicy;
  readonly resolve: ResolveHost;
  /** For lookup, TCP and TLS together. */
  readonly timeoutMs: number;
  /** PEM; undefined: the authorities that Node.js trusts. */
  readonly certificateAuthorities?: string | undefined;
}

/**
 * Opens a connection and calls back once, unless the returned socket is destroyed before.
 *
 * @returns the socket that is connecting; undefined if the endpoint is denied
 */
export type Connect = (
  target: ConnectTarget,
  callback: (error: Error | null, socket: Duplex | undefined) => void,
) => Duplex | undefined;

/**
 * Opens connections only to endpoints that the policy allows. The check runs between the DNS lookup and the connection,
 * and the socket gets only the addresses that passed: a name cannot resolve differently in between (DNS rebinding), and
 * the spelling of the URL does not matter.
 */
export function guardedConnector(options: GuardedConnectorOptions): Connect {
  const { certificateAuthorities, policy, resolve, timeoutMs } = options;
  const sessions = new TlsSessions();

  /** For one port: a lookup function does not receive it. */
  function lookupAt(port: number): LookupFunction {
    return (hostname, { all }, callback) => {
      resolve(hostname).then(
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

  return (target, callback) => {
    const port = portOf(target);
    // An IP address is not looked up, so it is checked here.
    if (
      isIP(target.hostname) !== 0 &&
      !mayConnect(policy, { host: target.hostname, port }, target.hostname)
    ) {
      queueMicrotask(() => {
        callback(new EgressDeniedError(), undefined);
      });
      return undefined;
    }
    return openSocket(
      target,
      { port, lookup: lookupAt(port), timeoutMs, certificateAuthorities, sessions },
      callback,
    );
  };
}
