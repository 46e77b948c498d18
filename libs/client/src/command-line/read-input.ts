import { createReadStream } from 'node:fs';
import type { Readable } from 'node:stream';
import { UsageError } from './usage-error.ts';

/** More than the service accepts. */
const MAX_BYTES = 8 * 2 ** 20;

/**
 * Reads a file, or standard input for `-`.
 *
 * @throws {UsageError} if it cannot be read or has more than 8 MiB
 */
export async function readInput(path: string, stdin: Readable): Promise<Uint8Array> {
  const stream = path === '-' ? stdin : createReadStream(path);
  const chunks: Uint8Array[] = [];
  let bytes = 0;
  try {
    for await (const chunk of stream as AsyncIterable<Uint8Array>) {
      bytes += chunk.length;
      if (bytes > MAX_BYTES) break;
      chunks.push(chunk);
    }
  } catch (error) {
    throw new UsageError(`cannot read ${path}: ${error instanceof Error ? error.message : 'unknown error'}`, {
      cause: error,
    });
  }
  if (bytes > MAX_BYTES) throw new UsageError(`${path} has more than ${MAX_BYTES} bytes`);
  return Buffer.concat(chunks);
}
