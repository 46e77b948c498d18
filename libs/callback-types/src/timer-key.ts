import { z } from 'zod';
import { LIMITS } from './limits.ts';

/**
 * A client's own key of a timer, such as `order-42`. It can be part of a URL path, in which `.` and `..` have a meaning of
 * their own.
 */
export const timerKeySchema = z
  .string()
  .min(1)
  .max(LIMITS.timerKeyLength)
  .regex(/^[\x21-\x7e]*$/, { error: 'must contain only visible ASCII characters, without spaces' })
  .refine((key) => key !== '.' && key !== '..', { error: 'must not be . or ..' });
