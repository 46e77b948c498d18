import { defineCallback } from '@timer-platform/client';
import { z } from 'zod';

/** Published to the subject shipments.due.{region}; delivered when a stream has stored the message. */
export const shipmentDue = defineCallback(
  'shipment-due',
  z.object({ shipment: z.string(), region: z.enum(['eu', 'us']) }),
  ({ region }) => ({ type: 'nats', topic: 'shipments.due', key: region, jetstream: true }),
);
