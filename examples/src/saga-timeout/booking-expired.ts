import { defineCallback } from '@timer-platform/client';
import { z } from 'zod';

const payload = z.object({ booking: z.string(), callbackUrl: z.url() });

/** Delivered when a booking was not confirmed in time. The scheduling and the receiving service import it. */
export const bookingExpired = defineCallback('booking-expired', payload, ({ callbackUrl }) => ({
  type: 'http',
  url: callbackUrl,
}));
