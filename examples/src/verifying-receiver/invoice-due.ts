import { defineCallback } from '@timer-platform/client';
import { z } from 'zod';

const payload = z.object({ invoice: z.int(), callbackUrl: z.url() });

/** Delivered when an invoice is due. The scheduling and the receiving service import it. */
export const invoiceDue = defineCallback('invoice-due', payload, ({ callbackUrl }) => ({
  type: 'http',
  url: callbackUrl,
}));
