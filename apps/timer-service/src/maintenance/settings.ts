import { z } from 'zod';
import { integer } from '../settings.ts';

/** Settings of the pruning of finished timers. */
export const maintenanceSettingsSchema = z
  .object({
    RETENTION_DAYS: integer(0, 36_500, 0),
  })
  .transform((env) => ({
    /** Timers that finished longer ago are pruned, in milliseconds; undefined: timers are never pruned. */
    finishedForMs: env.RETENTION_DAYS === 0 ? undefined : env.RETENTION_DAYS * 86_400_000,
  }));
export type MaintenanceSettings = z.infer<typeof maintenanceSettingsSchema>;
