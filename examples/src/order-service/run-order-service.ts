import { once } from 'node:events';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { createClient, createReceiver } from '@timer-platform/client';
import { nodeListener } from '@timer-platform/client/node';
import pg from 'pg';
import type { Platform } from '../platform.ts';
import { OrderService, SCHEMA } from './order-service.ts';
import { paymentReminder } from './payment-reminder.ts';

async function createTables({ databaseUrl }: Platform): Promise<void> {
  const admin = new pg.Client({ connectionString: databaseUrl });
  await admin.connect();
  await admin.query(SCHEMA);
  await admin.end();
}

/** The database of the platform, as the role of the shop. */
function openPool({ databaseUrl }: Platform): pg.Pool {
  const url = new URL(databaseUrl);
  url.username = 'shop';
  url.password = 'shop';
  return new pg.Pool({ connectionString: url.href });
}

/** Three orders: one is paid in time, one is invalid, and one has to be reminded of. */
export async function runOrderService(platform: Platform, print: (line: string) => void): Promise<void> {
  await createTables(platform);
  const pool = openPool(platform);
  const receiver = createReceiver({ secrets: platform.signingSecret });
  const server = createServer(nodeListener(receiver)).listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  const orders = new OrderService(pool, `http://127.0.0.1:${port}/reminders`);
  try {
    const reminded = new Promise<void>((resolve) => {
      receiver.on(paymentReminder, ({ order }) => {
        print(`order ${order}: not paid, reminded`);
        resolve();
      });
    });
    await orders.place(1, 4_900, '1d');
    print(`order 1: paid, its reminder is ${(await orders.pay(1)) ? 'canceled' : 'too late'}`);
    await orders.place(2, 0, '1s').catch(() => {
      print('order 2: refused by the database, and with it its reminder');
    });
    await orders.place(3, 1_900, '1s');
    await reminded;
    const { timers } = await createClient(platform).listPage();
    print(`${timers.length} timers: the refused order left none`);
  } finally {
    server.closeAllConnections();
    server.close();
    await pool.end();
  }
}
