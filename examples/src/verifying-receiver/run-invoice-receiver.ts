import { once } from 'node:events';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { setTimeout as pause } from 'node:timers/promises';
import { createClient } from '@timer-platform/client';
import { nodeListener } from '@timer-platform/client/node';
import type { Platform } from '../platform.ts';
import { invoiceDue } from './invoice-due.ts';
import { createInvoiceReceiver } from './invoice-receiver.ts';

const RETRY = { max_attempts: 3, delays: ['10ms'] };
const POLL_MS = 20;

/** Delivers two timers, one of them twice, and sends a request that nobody has signed. */
export async function runInvoiceReceiver(platform: Platform, print: (line: string) => void): Promise<void> {
  const client = createClient(platform);
  let reminders = 0;
  const receiver = createInvoiceReceiver({
    secrets: platform.signingSecret,
    invoices: new Set([1]),
    remind: (invoice) => {
      reminders += 1;
      print(`invoice ${invoice}: reminded, but the connection breaks before the response`);
      server.closeAllConnections();
    },
    onError: () => undefined,
  });
  const server = createServer(nodeListener(receiver)).listen(0, '127.0.0.1');
  await once(server, 'listening');
  const callbackUrl = `http://127.0.0.1:${(server.address() as AddressInfo).port}/`;

  const deliver = async (invoice: number): Promise<string> => {
    const { id } = await client.create(invoiceDue, { invoice, callbackUrl }, { delay: '0s', retry: RETRY });
    for (;;) {
      const { status, attempts, last_error: error } = await client.get(id);
      if (status === 'completed') return `${status} with attempt ${attempts}`;
      if (status === 'failed') return `${status} with attempt ${attempts}: ${error ?? ''}`;
      await pause(POLL_MS);
    }
  };
  try {
    print(`invoice 1: ${await deliver(1)}, reminders: ${reminders}`);
    print(`invoice 2: ${await deliver(2)}`);
    const forged = await fetch(callbackUrl, { method: 'POST', body: '{"invoice":1}' });
    print(`a request without a signature: ${forged.status}`);
  } finally {
    server.closeAllConnections();
    server.close();
  }
}
