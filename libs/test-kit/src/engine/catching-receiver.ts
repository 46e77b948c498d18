import { createServer, type IncomingHttpHeaders, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { canParseUrl } from '@timer-platform/callback-types';
import type { ServiceOptions } from '@timer-platform/timer-service';
import { type CallbackTarget, NAME_HEADER } from '../callback-selector.ts';
import type { DeliveryRecord } from '../delivery.ts';
import type { ResponseStep } from '../response-script.ts';
import { socketPair } from './socket-pair.ts';

type Connect = ReturnType<NonNullable<ServiceOptions['connectHttp']>>;
type Target = Parameters<Connect>[0];

export interface CatchingReceiverOptions {
  readonly nowMs: () => number;
  /** Chooses the response; a promise if code of the test does. */
  readonly respond: (record: DeliveryRecord) => ResponseStep | Promise<ResponseStep>;
  /** A callback has arrived: gives it its numbers and stores it. */
  readonly record: (record: Omit<DeliveryRecord, 'index' | 'attempt'>) => DeliveryRecord;
  readonly finished: (record: DeliveryRecord, result: DeliveryRecord['result']) => void;
  /** Called when a held response begins or ends. */
  readonly onHeld: () => void;
  /** Calls back once this much virtual time has passed. */
  readonly after: (ms: number, call: () => void) => () => void;
  /** How long an attempt at a timer waits for a response, in milliseconds. */
  readonly timeoutOf: (timerId: string) => Promise<number>;
}

interface HeldResponse {
  readonly timerId: string;
  /** When it goes on: the response is sent, or the attempt ends without one. */
  readonly untilMs: number;
}

/** The id of a message is that of its timer, and may have a suffix. */
const ID_LENGTH = 36;
const LOOPBACK = /^(?:localhost|.*\.localhost|127(?:\.\d+){3}|\[::1\]|::1)\.?$/i;
const MAX_BODY_BYTES = 4 * 1_048_576;

/** How the text of a header list reads in one line, as in fetch. */
function flatten(headers: IncomingHttpHeaders): Record<string, string> {
  return Object.fromEntries(
    Object.entries(headers).map(([name, value]) => [
      name,
      Array.isArray(value) ? value.join(', ') : (value ?? ''),
    ]),
  );
}

function readBody(message: IncomingMessage): Promise<string> {
  return new Promise((resolve, reject) => {
    const chunks: Buffer[] = [];
    let bytes = 0;
    message.on('data', (chunk: Buffer) => {
      bytes += chunk.length;
      if (bytes > MAX_BODY_BYTES) message.destroy(new Error('the body is too large'));
      else chunks.push(chunk);
    });
    message.once('end', () => {
      resolve(Buffer.concat(chunks).toString('utf8'));
    });
    message.once('error', reject);
  });
}

/**
 * Receives HTTP callbacks and records them: those to its own URL, and those to every host but this machine, whose
 * connections it takes over before anything leaves the process. It speaks real HTTP to them, without the network.
 */
export class CatchingReceiver {
  readonly #options: CatchingReceiverOptions;
  readonly #server = createServer({ keepAliveTimeout: 0, requestTimeout: 0 }, (message, response) => {
    this.#receive(message, response).catch(() => {
      response.destroy();
    });
  });
  /** Scheme and host of connections that were taken over. */
  readonly #origins = new WeakMap<object, string>();
  /** Responses that wait for virtual time. */
  readonly #held = new Map<ServerResponse, HeldResponse>();
  #port = 0;

  constructor(options: CatchingReceiverOptions) {
    this.#options = options;
    this.#server.on('clientError', (_, socket) => {
      socket.destroy();
    });
  }

  async listen(): Promise<void> {
    await new Promise<void>((resolve, reject) => {
      this.#server.once('error', reject).listen(0, '127.0.0.1', resolve);
    });
    this.#port = (this.#server.address() as AddressInfo).port;
  }

  get url(): string {
    return `http://127.0.0.1:${this.#port}`;
  }

  /** Requests that wait for virtual time. */
  get held(): number {
    return this.#held.size;
  }

  /** When the first held response goes on; Infinity: none is held. */
  get nextHeldMs(): number {
    return Math.min(Number.POSITIVE_INFINITY, ...[...this.#held.values()].map(({ untilMs }) => untilMs));
  }

  /** Whether an attempt at this timer waits for virtual time. */
  holds(timerId: string): boolean {
    return [...this.#held.values()].some((held) => held.timerId === timerId);
  }

  /** Whether callbacks to this URL arrive here. */
  catches(url: string): boolean {
    return canParseUrl(url) && this.#isCaught(new URL(url));
  }

  /** For the service: connections to caught hosts end here. */
  readonly connect = (guarded: Connect): Connect => {
    return (target, callback) => {
      if (!this.#isCaught(target)) return guarded(target, callback);
      const [near, far] = socketPair();
      this.#origins.set(far, `${target.protocol}//${target.hostname}${portSuffix(target)}`);
      this.#server.emit('connection', far);
      queueMicrotask(() => {
        callback(null, near);
      });
      return near;
    };
  };

  #isCaught({ hostname, port }: { readonly hostname: string; readonly port: string }): boolean {
    return !LOOPBACK.test(hostname) || port === String(this.#port);
  }

  async #receive(message: IncomingMessage, response: ServerResponse): Promise<void> {
    const atMs = this.#options.nowMs();
    const body = await readBody(message);
    const headers = flatten(message.headers);
    const origin = this.#origins.get(message.socket) ?? `http://${headers['host'] ?? ''}`;
    const target: CallbackTarget = {
      name: headers[NAME_HEADER] ?? null,
      url: origin + (message.url ?? ''),
      subject: null,
    };
    const record = this.#options.record({
      ...target,
      id: headers['webhook-id'] ?? '',
      atMs,
      type: 'http',
      headers,
      body,
      result: 'none',
    });
    const chosen = this.#options.respond(record);
    await this.#respond(record, response, chosen instanceof Promise ? await chosen : chosen);
  }

  async #respond(record: DeliveryRecord, response: ServerResponse, step: ResponseStep): Promise<void> {
    const { finished } = this.#options;
    switch (step.kind) {
      case 'cut':
        finished(record, 'cut');
        // In the middle of the response: a connection that is closed before it may have been idle, and is replaced.
        response.socket?.write('HTTP/1.1 ', () => response.socket?.destroy());
        break;
      case 'hang':
        await this.#hold(record, response, Number.POSITIVE_INFINITY, () => undefined);
        break;
      case 'ask':
        throw new Error('a function of the test has no response');
      case 'respond': {
        const send = () => {
          finished(record, step.status);
          response.writeHead(step.status, step.headers).end(step.body);
        };
        if (step.afterMs === 0) send();
        else await this.#hold(record, response, step.afterMs, send);
      }
    }
  }

  /** Waits until virtual time has passed, or the attempt has ended. */
  async #hold(
    { id }: DeliveryRecord,
    response: ServerResponse,
    forMs: number,
    then: () => void,
  ): Promise<void> {
    const { nowMs, after, onHeld, timeoutOf } = this.#options;
    const timerId = id.slice(0, ID_LENGTH);
    const fromMs = nowMs();
    const timeoutMs = await timeoutOf(timerId);
    const end = () => {
      cancel();
      if (this.#held.delete(response)) onHeld();
    };
    const cancel =
      forMs < timeoutMs
        ? after(forMs, () => {
            end();
            then();
          })
        : () => undefined;
    response.once('close', end);
    this.#held.set(response, { timerId, untilMs: fromMs + Math.min(forMs, timeoutMs) });
    onHeld();
  }

  async close(): Promise<void> {
    this.#server.closeAllConnections();
    await new Promise<void>((resolve) => {
      this.#server.close(() => {
        resolve();
      });
    });
  }
}

function portSuffix({ port }: Target): string {
  return port === '' ? '' : `:${port}`;
}
