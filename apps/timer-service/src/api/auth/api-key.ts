import { createHash } from 'node:crypto';
import { z } from 'zod';

/** In order of rights, each including those before it: read, change timers, see secrets and change in bulk. */
export const ROLES = ['read', 'write', 'admin'] as const;
export type Role = (typeof ROLES)[number];

/** Whether the role `role` includes the rights of the role `required`. */
export function includesRole(role: Role, required: Role): boolean {
  return ROLES.indexOf(role) >= ROLES.indexOf(required);
}

/** An API key without its secret. */
export interface ApiKey {
  readonly name: string;
  readonly role: Role;
  /** SHA-256 of the secret. A slow hash would add nothing, because secrets are long and random. */
  readonly digest: Buffer;
}

/** SHA-256 of a secret. */
export function digestOf(secret: string): Buffer {
  return createHash('sha256').update(secret).digest();
}

/**
 * A secret as clients can send it in a header. Surrounding white space, such as the line break at the end of a file, is
 * not part of it.
 */
export const secretSchema = z
  .string()
  .trim()
  .min(32, { error: 'must have at least 32 characters' })
  .regex(/^[\x20-\x7e]*$/, { error: 'must contain only visible ASCII characters and spaces' });

const entrySchema = z
  .strictObject({
    name: z
      .string()
      .regex(/^[\w.-]{1,64}$/, { error: 'must be 1 to 64 letters, digits, dots, dashes or underscores' }),
    role: z.enum(ROLES, { error: 'must be read, write or admin' }),
    sha256: z
      .string()
      .regex(/^[0-9a-f]{64}$/i, { error: 'must be the SHA-256 of the key in hexadecimal' })
      .optional(),
    key: secretSchema.optional(),
  })
  .refine((entry) => (entry.key === undefined) !== (entry.sha256 === undefined), {
    error: 'must have either sha256 or key',
  })
  .transform(({ name, role, sha256, key }): ApiKey => ({
    name,
    role,
    digest: sha256 === undefined ? digestOf(key ?? '') : Buffer.from(sha256, 'hex'),
  }));

/** The name of the key in API_KEY. */
export const DEFAULT_KEY_NAME = 'default';

/** A list of keys as JSON text: `[{"name": "billing", "role": "write", "sha256": "…"}]`. Issues never quote the text. */
export const apiKeyListSchema = z
  .string()
  .transform((text, context): unknown => {
    try {
      return JSON.parse(text);
    } catch {
      context.addIssue({ code: 'custom', message: 'must be JSON: [{"name": …, "role": …, "sha256": …}]' });
      return z.NEVER;
    }
  })
  .pipe(
    z.array(entrySchema).superRefine((keys, context) => {
      const names = new Set<string>();
      for (const [index, { name }] of keys.entries()) {
        if (names.has(name))
          context.addIssue({
            code: 'custom',
            path: [index, 'name'],
            message: 'must be unique: an earlier key has this name',
          });
        names.add(name);
      }
    }),
  );
