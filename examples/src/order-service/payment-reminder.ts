import { defineCallback } from '@timer-platform/client';
import { z } from 'zod';

const payload = z.object({ order: z.int(), callbackUrl: z.url() });

/** Delivered when an order was not paid in time. */
export const paymentReminder = defineCallback('payment-reminder', payload, ({ callbackUrl }) => ({
  type: 'http',
  url: callbackUrl,
}));
