import { timingSafeEqual } from 'node:crypto';
import { unwatchFile, watchFile } from 'node:fs';
import { readFile } from 'node:fs/promises';
import type { FastifyBaseLogger } from 'fastify';
import { z } from 'zod';
import { type ApiKey, apiKeyListSchema, DEFAULT_KEY_NAME, digestOf } from './api-key.ts';

/** How often the key file is checked for changes, in milliseconds. */
const WATCH_INTERVAL_MS = 1_000;

/** The settings that define API keys. */
export interface ApiKeySources {
  /** The secret of the key `default`, with the role admin. */
  readonly apiKey: string | undefined;
  readonly apiKeys: readonly ApiKey[];
  /** A file with more keys, read again when it changes. */
  readonly apiKeysFile: string | undefined;
}

/** The currently valid keys. */
export interface ApiKeyRing {
  /** Returns the key with this secret. Takes the same time whether a key matches or not. */
  find(secret: string): ApiKey | undefined;
  /** Returns the key with this name. */
  named(name: string): ApiKey | undefined;
  /** Stops watching the file. */
  close(): void;
}

async function readKeyFile(file: string): Promise<ApiKey[]> {
  const result = apiKeyListSchema.safeParse(await readFile(file, 'utf8'));
  if (result.success) return result.data;
  throw new Error(`API_KEYS_FILE ${file} is invalid:\n${z.prettifyError(result.error)}`);
}

function rejectDuplicates(keys: readonly ApiKey[]): readonly ApiKey[] {
  const names = new Set<string>();
  for (const { name } of keys) {
    if (names.has(name)) throw new Error(`two API keys have the name ${name}; names must be unique`);
    names.add(name);
  }
  return keys;
}

/**
 * Loads the keys from the settings and the file, and reloads the file when it changes. A changed file that cannot be read
 * or is invalid is logged, and the current keys stay valid.
 *
 * @throws when the file cannot be read or is invalid at the start, or when two keys have the same name
 */
export async function openApiKeyRing(
  { apiKey, apiKeys, apiKeysFile: file }: ApiKeySources,
  log: FastifyBaseLogger,
): Promise<ApiKeyRing> {
  const fixed: ApiKey[] = [...apiKeys];
  if (apiKey !== undefined) fixed.push({ name: DEFAULT_KEY_NAME, role: 'admin', digest: digestOf(apiKey) });
  const load = async (path: string) => rejectDuplicates([...fixed, ...(await readKeyFile(path))]);
  let keys = file === undefined ? rejectDuplicates(fixed) : await load(file);

  const reload = (path: string): void => {
    load(path).then(
      (loaded) => {
        keys = loaded;
        log.info({ keys: loaded.map(({ name, role }) => ({ name, role })) }, 'API keys reloaded');
      },
      (error: unknown) => {
        log.error({ reason: String(error) }, 'API_KEYS_FILE is unusable; the current keys stay valid');
      },
    );
  };
  const listener = (): void => {
    if (file !== undefined) reload(file);
  };
  if (file !== undefined) watchFile(file, { interval: WATCH_INTERVAL_MS, persistent: false }, listener);

  return {
    find(secret) {
      const digest = digestOf(secret);
      let found: ApiKey | undefined;
      for (const key of keys) if (timingSafeEqual(key.digest, digest)) found = key;
      return found;
    },
    named: (name) => keys.find((key) => key.name === name),
    close() {
      if (file !== undefined) unwatchFile(file, listener);
    },
  };
}
