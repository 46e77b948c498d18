import { z } from 'zod';
import { integer } from '../settings.ts';

/** Settings of the pruning of finished timers. */
export const maintenanceSettingsSchema = z
  .object({
    RETENTION_DAYS: integer(0, 36_500, 0),
    AUDIT_RETENTION_DAYS: integer(1, 36_500, 365),
  })
  .transform((env) => ({
    /** Timers that finished longer ago are pruned, in milliseconds; undefined: timers are never pruned. */
    finishedForMs: env.RETENTION_DAYS === 0 ? undefined : env.RETENTION_DAYS * 86_400_000,
    /** Entries of the audit log are pruned after this time, in milliseconds. */
    auditForMs: env.AUDIT_RETENTION_DAYS * 86_400_000,
  }));
export type MaintenanceSettings = z.infer<typeof maintenanceSettingsSchema>;
