import { readFileSync } from 'node:fs';
import { z } from 'zod';
import { type ApiKey, apiKeyListSchema, DEFAULT_KEY_NAME } from './api-key.ts';

/** Reads a file of keys, or returns why that is impossible. Messages never quote its content. */
function readKeyFile(
  file: string,
): { readonly keys: readonly ApiKey[] } | { readonly issues: readonly string[] } {
  let text: string;
  try {
    text = readFileSync(file, 'utf8');
  } catch (error) {
    const { code } = z.object({ code: z.string().default('unknown error') }).parse(error);
    return { issues: [`cannot be read: ${code}`] };
  }
  const result = apiKeyListSchema.safeParse(text);
  if (result.success) return { keys: result.data };
  return {
    issues: result.error.issues.map(({ path, message }) =>
      path.length === 0 ? `has content that ${message}` : `has an issue at ${path.join('.')}: ${message}`,
    ),
  };
}

/** Adds an issue for each reason why API_KEYS_FILE cannot be used. */
export function checkKeyFile(file: string, context: z.RefinementCtx): void {
  const content = readKeyFile(file);
  if ('issues' in content)
    for (const message of content.issues) context.addIssue({ code: 'custom', message });
}

interface KeySources {
  readonly API_KEY?: string | undefined;
  readonly API_KEYS?: ApiKey[] | undefined;
  readonly API_KEYS_FILE?: string | undefined;
}

/** Adds an issue for each name that two sources of keys use. Variables that are invalid themselves may have any value. */
export function checkKeyNames(env: KeySources, context: z.RefinementCtx): void {
  const file = env.API_KEYS_FILE === undefined ? { keys: [] } : readKeyFile(env.API_KEYS_FILE);
  const sources = [
    ['API_KEY', env.API_KEY === undefined ? [] : [DEFAULT_KEY_NAME]],
    ['API_KEYS', Array.isArray(env.API_KEYS) ? env.API_KEYS.map(({ name }) => name) : []],
    ['API_KEYS_FILE', 'keys' in file ? file.keys.map(({ name }) => name) : []],
  ] as const;
  const sourceOf = new Map<string, string>();
  for (const [source, names] of sources)
    for (const name of names) {
      const other = sourceOf.get(name);
      if (other !== undefined)
        context.addIssue({
          code: 'custom',
          path: [source],
          message: `has a key with the name ${name}, as ${other} has: names must be unique`,
        });
      sourceOf.set(name, source);
    }
}
