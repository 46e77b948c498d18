import { randomBytes } from 'node:crypto';
import { mkdir, readFile, writeFile } from 'node:fs/promises';
import path from 'node:path';

/**
 * Returns the API key of development mode: generated at the first start, stored in a file that only its owner can read.
 *
 * @throws when the file holds no valid key
 */
export async function developmentApiKey(directory: string): Promise<string> {
  const file = path.join(directory, 'api-key');
  await mkdir(directory, { recursive: true });
  const key = randomBytes(24).toString('hex');
  try {
    await writeFile(file, `${key}\n`, { mode: 0o600, flag: 'wx' });
    return key;
  } catch (error) {
    const exists = typeof error === 'object' && error !== null && 'code' in error && error.code === 'EEXIST';
    if (!exists) throw error;
  }
  const stored = (await readFile(file, 'utf8')).trim();
  if (stored.length < 32)
    throw new Error(
      `${file} must hold an API key of at least 32 characters; delete the file to get a new key`,
    );
  return stored;
}
