import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { Readable } from 'node:stream';
import { text } from 'node:stream/consumers';
import { fileURLToPath } from 'node:url';
import { z } from 'zod';

/** A shell block of a Markdown page. */
export interface ShellBlock {
  readonly commands: string;
  /** The response in the JSON block below it. */
  readonly expected: ApiResponse | undefined;
}

export interface ApiResponse {
  readonly status: number;
  readonly body: unknown;
}

export interface ShellOptions {
  /** The working directory. */
  readonly directory: string;
  /** URL of the service; replaces the value of TIMER_URL that a block exports. */
  readonly serviceUrl: string;
}

const BLOCK = /```sh\n([\s\S]*?)```(?:\n+```json (\d+)\n([\s\S]*?)```)?/g;
const CURL = fileURLToPath(new URL('curl.mjs', import.meta.url));
const BLOCK_END = 'end of block';

const responseSchema = z.object({
  status: z.number(),
  body: z.string().transform((body): unknown => JSON.parse(body)),
});

/** Returns the shell blocks of a page or of a part of it, in order. */
export function shellBlocks(markdown: string): ShellBlock[] {
  return Array.from(markdown.matchAll(BLOCK), ([, commands = '', status, body]) => ({
    commands,
    expected: status === undefined ? undefined : responseSchema.parse({ status: Number(status), body }),
  }));
}

/**
 * Runs blocks unchanged and in order, in one shell. Returns the responses to the curl commands of each block.
 *
 * @throws when a command fails or uses a variable that is not set
 */
export async function runInShell(
  blocks: readonly Pick<ShellBlock, 'commands'>[],
  { directory, serviceUrl }: ShellOptions,
): Promise<ApiResponse[][]> {
  const script = blocks.flatMap(({ commands }) => [
    commands,
    ...(commands.includes('TIMER_URL=') ? ['TIMER_URL=$SERVICE_URL'] : []),
    `echo '${BLOCK_END}' >&3`,
  ]);
  const child = spawn('sh', ['-eu', '-c', ['curl() { "$NODE" "$CURL" "$@"; }', ...script].join('\n')], {
    cwd: directory,
    env: { PATH: process.env['PATH'], NODE: process.execPath, CURL, SERVICE_URL: serviceUrl },
    stdio: ['ignore', 'ignore', 'pipe', 'pipe'],
  });
  const { stderr } = child;
  const responses = child.stdio[3];
  if (stderr === null || !(responses instanceof Readable)) throw new Error('stdio must be pipes');
  const [errors, output] = await Promise.all([text(stderr), text(responses), once(child, 'close')]);
  if (child.exitCode !== 0 || errors !== '')
    throw new Error(`sh exited with ${child.exitCode ?? 'a signal'}: ${errors}`);
  return output
    .split(`${BLOCK_END}\n`)
    .slice(0, -1)
    .map((lines) =>
      lines
        .split('\n')
        .filter((line) => line !== '')
        .map((line) => responseSchema.parse(JSON.parse(line))),
    );
}
