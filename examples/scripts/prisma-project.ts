/** The files of a project that uses Prisma 7 with the packed client, by their names. */
export const PRISMA_PROJECT: Readonly<Record<string, string>> = {
  'package.json': '{ "private": true, "type": "module" }',
  'prisma.config.ts': `
    import { defineConfig } from 'prisma/config';
    export default defineConfig({ schema: 'schema.prisma' });`,
  'schema.prisma': `
    generator client {
      provider = "prisma-client"
      output   = "./generated"
      importFileExtension = "js"
    }
    datasource db {
      provider = "postgresql"
    }
    model Order {
      id   Int     @id
      paid Boolean @default(false)
      @@map("orders")
    }
    model Timer {
      id       String  @id @db.Uuid
      key      String?
      status   String
      metadata Json?
      @@map("timers")
    }`,
  'check.ts': `
    import assert from 'node:assert/strict';
    import { PrismaPg } from '@prisma/adapter-pg';
    import { defineCallback, TimerError } from '@timer-platform/client';
    import { inTransaction, type TransactionTimers } from '@timer-platform/client/transaction';
    import { z } from 'zod';
    import { type Prisma, PrismaClient } from './generated/client.js';

    const prisma = new PrismaClient({ adapter: new PrismaPg({ connectionString: process.env['DATABASE_URL'] ?? '' }) });
    await prisma.$executeRawUnsafe('CREATE TABLE orders (id INTEGER PRIMARY KEY, paid BOOLEAN NOT NULL DEFAULT FALSE)');

    const paymentDue = defineCallback('payment-due', z.object({ order: z.int() }), {
      type: 'http',
      url: 'https://shop.example/payments',
    });
    const due = '2099-01-31T09:00:00Z';
    const schedule = (work: (timers: TransactionTimers, tx: Prisma.TransactionClient) => Promise<unknown>) =>
      prisma.$transaction((tx) => work(inTransaction(tx), tx));
    const errorOf = (work: Promise<unknown>): Promise<unknown> =>
      work.then(() => assert.fail('nothing was thrown'), (error: unknown) => error);
    const expectRefusal = async (work: Promise<unknown>, expected: object): Promise<void> => {
      const error = await errorOf(work);
      assert(error instanceof TimerError, String(error));
      const { kind, code, reason, timerStatus, issues, message } = error;
      assert.deepEqual({ kind, code, reason, timerStatus, paths: issues.map(({ path }) => path) }, expected);
      assert.doesNotMatch(message, /invocation/);
      assert((error.cause as { code?: unknown }).code === 'P2010');
    };
    const refusal = { timerStatus: undefined, reason: undefined, paths: [] as string[] };

    await schedule(async (timers, tx) => {
      await tx.order.create({ data: { id: 1 } });
      await timers.create(paymentDue, { order: 1 }, { delay: '3d', key: 'order-1', metadata: { quote: "it's" } });
      assert.equal(await prisma.timer.count(), 0);
    });
    const [timer] = await prisma.timer.findMany();
    assert.deepEqual([timer?.key, timer?.status, timer?.metadata], ['order-1', 'pending', { quote: "it's" }]);
    console.log('a timer exists when the transaction commits');

    const error = new Error('the order was refused');
    assert.equal(await errorOf(schedule(async (timers) => {
      await timers.create(paymentDue, { order: 2 }, { delay: '3d', key: 'order-2' });
      throw error;
    })), error);
    assert.equal(await prisma.timer.count(), 1);
    console.log('no timer exists when the transaction is rolled back');

    await expectRefusal(
      schedule((timers) => timers.create({ type: 'http', url: 'ftp://shop.example' }, { delay: '3d' })),
      { ...refusal, kind: 'validation', code: 2, paths: ['callback.url'] },
    );
    await expectRefusal(
      schedule((timers) => timers.create(paymentDue, { order: 1 }, { execute_at: '2020-01-31T09:00:00Z' })),
      { ...refusal, kind: 'validation', code: 2, reason: 'in_the_past', paths: ['execute_at'] },
    );
    console.log('a refusal is a TimerError with its issues and reason');

    const once = { execute_at: due, idempotencyKey: 'order-3' };
    await schedule((timers) => timers.create(paymentDue, { order: 3 }, once));
    await schedule((timers) => timers.create(paymentDue, { order: 3 }, once));
    assert.equal(await prisma.timer.count(), 2);
    await expectRefusal(
      schedule((timers) => timers.create(paymentDue, { order: 4 }, once)),
      { ...refusal, kind: 'idempotencyConflict', code: 7, reason: 'different_request' },
    );
    console.log('an idempotency key is that of one request');

    await schedule(async (timers, tx) => {
      await tx.order.update({ where: { id: 1 }, data: { paid: true } });
      assert.equal(await timers.cancelByKey('order-1'), true);
    });
    assert.equal((await prisma.timer.findFirst({ where: { key: 'order-1' } }))?.status, 'canceled');
    console.log('a timer is canceled in the transaction');

    const other = await errorOf(schedule((timers) => timers.cancel('not-a-uuid')));
    assert(!(other instanceof TimerError) && (other as { code?: unknown }).code === 'P2010', String(other));
    console.log('another error is that of Prisma');
    await prisma.$disconnect();`,
};
