import { z } from 'zod';

/** What node-postgres throws for an error that the server reported. */
const databaseErrorSchema = z.object({
  code: z.string().length(5),
  message: z.string(),
  detail: z.string().optional(),
  hint: z.string().optional(),
  where: z.string().optional(),
  /** From 1, in characters, within the text that was sent. */
  position: z.string().optional(),
});
export type DatabaseError = z.infer<typeof databaseErrorSchema>;

/** SQLSTATEs that the migrator acts on. */
export const SQL_STATE = {
  lockNotAvailable: '55P03',
  deadlockDetected: '40P01',
} as const;

/** The server's error within `error`, undefined when it is of another kind. */
export function asDatabaseError(error: unknown): DatabaseError | undefined {
  const parsed = databaseErrorSchema.safeParse(error);
  if (parsed.success) return parsed.data;
  return undefined;
}
