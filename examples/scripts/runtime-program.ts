/** A program for Deno and Bun that uses the client and a receiver. Prints a line for each thing that works. */
export const RUNTIME_PROGRAM = `
import { createClient, createReceiver, defineCallback, TimerError } from '@timer-platform/client';
import { z } from 'zod';

const { TIMER_URL, TIMER_API_KEY, TIMER_SECRETS } = process.env;

/** Starts the server of the runtime with a function of a web request. */
function serve(fetch) {
  if (globalThis.Deno === undefined) {
    const server = Bun.serve({ hostname: '127.0.0.1', port: 0, fetch });
    return { port: server.port, stop: () => server.stop(true) };
  }
  const server = Deno.serve({ hostname: '127.0.0.1', port: 0, onListen: () => undefined }, fetch);
  return { port: server.addr.port, stop: () => server.shutdown() };
}

const payload = z.object({ order: z.number(), url: z.url() });
const paymentDue = defineCallback('payment-due', payload, ({ url }) => ({ type: 'http', url }));
const receiver = createReceiver({ secrets: TIMER_SECRETS });
const received = new Promise((resolve) => {
  receiver.on(paymentDue, ({ order }, { attempt }) => resolve([order, attempt]));
});
const server = serve(receiver.fetch);
const url = \`http://127.0.0.1:\${server.port}/\`;

const client = createClient({ url: TIMER_URL, apiKey: TIMER_API_KEY });
const { id } = await client.create(paymentDue, { order: 42, url }, { delay: '0s' });
if (String(await received) !== '42,1') throw new Error(\`received \${await received}\`);
console.log('a callback is sent, verified and received');

const { status } = await fetch(url, { method: 'POST', body: '{}' });
if (status !== 401) throw new Error(\`a request without a signature got \${status}\`);
console.log('a request without a signature is rejected');

const later = await client.putByKey('order-42', paymentDue, { order: 42, url }, { delay: '3d' });
await client.cancelByKey('order-42');
const error = await client.cancel(later.id).catch((error) => error);
if (!(error instanceof TimerError) || error.reason !== 'not_pending') throw error;
console.log('a refusal is a TimerError');

let canceled = 0;
for await (const timer of client.list({ status: 'canceled' })) if (timer.id === later.id) canceled += 1;
if (canceled !== 1) throw new Error(\`\${canceled} canceled timers\`);
console.log('timers are listed');

const aborted = await client.get(id, { signal: AbortSignal.abort() }).catch((error) => error);
if (aborted.kind !== 'aborted') throw aborted;
const unreachable = createClient({ url: 'http://127.0.0.1:1', apiKey: 'a-key', retries: 1 });
const failed = await unreachable.get(id).catch((error) => error);
if (failed.kind !== 'network' || failed.tries !== 2) throw failed;
console.log('calls end when they are aborted, or the service is away');
await server.stop();
`;
