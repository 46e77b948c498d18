import { z } from 'zod';
import { integer } from '../settings.ts';

/** Settings of what becomes of finished timers. */
export const maintenanceSettingsSchema = z
  .object({
    RETENTION_DAYS: integer(0, 36_500, 0),
  })
  .transform((env) => ({
    /** Timers that have been finished for longer are pruned, in milliseconds; undefined: they are kept for ever. */
    finishedForMs: env.RETENTION_DAYS === 0 ? undefined : env.RETENTION_DAYS * 86_400_000,
  }));
export type MaintenanceSettings = z.infer<typeof maintenanceSettingsSchema>;
