import { randomBytes } from 'node:crypto';
import { mkdir, readFile, writeFile } from 'node:fs/promises';
import path from 'node:path';

/** The API key of development mode: made at the first start, kept in a file that only its owner can read. */
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
  const kept = (await readFile(file, 'utf8')).trim();
  if (kept.length < 32)
    throw new Error(`${file} does not hold an API key of at least 32 characters: delete it`);
  return kept;
}
