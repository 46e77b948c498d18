import type { z } from 'zod';

/** What the schema finds wrong with the value, as `path: message`, in its order; empty when it is valid. */
export function issuesOf(schema: z.ZodType, value: unknown): string[] {
  const issues = schema.safeParse(value).error?.issues ?? [];
  return issues.map(({ path, message }) => `${path.map(String).join('.')}: ${message}`);
}
