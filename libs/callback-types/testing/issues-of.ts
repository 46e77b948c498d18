import type { z } from 'zod';

/** Returns the issues of the value as `path: message`, in the order of the schema; empty if the value is valid. */
export function issuesOf(schema: z.ZodType, value: unknown): string[] {
  const issues = schema.safeParse(value).error?.issues ?? [];
  return issues.map(({ path, message }) => `${path.map(String).join('.')}: ${message}`);
}
