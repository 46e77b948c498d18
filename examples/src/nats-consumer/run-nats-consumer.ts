import { createClient } from '@timer-platform/client';
import { consume } from '@timer-platform/client/nats';
import { AckPolicy, connect } from 'nats';
import type { Platform } from '../platform.ts';
import { shipmentDue } from './shipment-due.ts';

const STREAM = 'SHIPMENTS';
const CONSUMER = 'warehouse-eu';

/** Schedules a shipment for each of two regions and consumes those of one: the first try of its handler fails. */
export async function runNatsConsumer(
  platform: Platform,
  natsUrl: string,
  print: (line: string) => void,
): Promise<void> {
  const connection = await connect({ servers: natsUrl });
  try {
    const manager = await connection.jetstreamManager();
    await manager.streams.add({ name: STREAM, subjects: ['shipments.due.*'] });
    const consumerConfig = {
      durable_name: CONSUMER,
      ack_policy: AckPolicy.Explicit,
      filter_subject: 'shipments.due.eu',
    };
    await manager.consumers.add(STREAM, consumerConfig);
    const consumer = await connection.jetstream().consumers.get(STREAM, CONSUMER);

    let tries = 0;
    let finish = (): void => undefined;
    const handled = new Promise<void>((resolve) => {
      finish = resolve;
    });
    const redeliveryDelayMs = (): number => 200;
    const subscription = await consume(
      consumer,
      shipmentDue,
      ({ shipment }) => {
        tries += 1;
        if (tries === 1) throw new Error('the printer of labels is offline');
        print(`shipment ${shipment}: handled at try ${tries}`);
        finish();
      },
      {
        redeliveryDelayMs,
        onError: () => {
          print('the first try failed and is repeated');
        },
      },
    );

    const client = createClient(platform);
    await client.create(shipmentDue, { shipment: 'S-1', region: 'eu' }, { delay: '1s' });
    await client.create(shipmentDue, { shipment: 'S-2', region: 'us' }, { delay: '1s' });
    await handled;
    await subscription.stop();
    const { state } = await manager.streams.info(STREAM);
    print(`messages in the stream: ${state.messages}`);
  } finally {
    await connection.close();
  }
}
