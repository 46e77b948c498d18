/**
 * Runs the packed client and a receiver in Deno and Bun: `npx nx run examples:check-runtimes`. Prints a line for each check,
 * and exits with 1 if one fails. `npm test` does not run it.
 *
 * Installs both from the npm registry in the user's cache directory unless an earlier run has. One that cannot be installed,
 * or does not run on this machine, is skipped.
 */
import path from 'node:path';
import { type Consumer, installInCache, installInConsumer, run } from '@timer-platform/package-consumer';
import { withPlatform } from '../src/platform.ts';
import { RUNTIME_PROGRAM } from './runtime-program.ts';

interface Runtime {
  /** Of the package and of the program in it. */
  readonly name: string;
  readonly version: string;
  /** The install script of the package, which puts the program of the platform in its place. */
  readonly installScript?: string;
  readonly args: readonly string[];
}

const RUNTIMES: readonly Runtime[] = [
  {
    name: 'deno',
    version: '2.9.6',
    args: [
      'run',
      '--quiet',
      '--no-prompt',
      '--node-modules-dir=manual',
      '--allow-net=127.0.0.1',
      '--allow-env',
    ],
  },
  { name: 'bun', version: '1.4.5', installScript: 'install.js', args: ['run'] },
];
const PROGRAM = 'check.mjs';

const print = (line: string): void => {
  console.log(line);
};

/** The path of the program, or why it cannot be run. */
async function findProgram({
  name,
  version,
  installScript,
}: Runtime): Promise<{ program?: string; reason: string }> {
  const { directory, output } = await installInCache({
    name: `${name}-${version}`,
    packages: [`${name}@${version}`],
  });
  if (directory === undefined) return { reason: `npm cannot install it:\n${output}` };
  if (installScript !== undefined)
    await run(process.execPath, [installScript], path.join(directory, 'node_modules', name));
  const program = path.join(directory, 'node_modules', '.bin', name);
  const { status, output: reason } = await run(program, ['--version'], directory);
  return status === 0 ? { program, reason } : { reason: `it does not run here:\n${reason}` };
}

async function check(consumer: Consumer, runtime: Runtime): Promise<void> {
  const { program, reason } = await findProgram(runtime);
  const name = `${runtime.name} ${runtime.version}`;
  if (program === undefined) {
    print(`skipped ${name}: ${reason}`);
    return;
  }
  await withPlatform(async ({ url, apiKey, signingSecret }) => {
    Object.assign(process.env, { TIMER_URL: url, TIMER_API_KEY: apiKey, TIMER_SECRETS: signingSecret });
    const { status, output } = await run(program, [...runtime.args, PROGRAM], consumer.directory);
    print(output.trim());
    if (status !== 0) process.exitCode = 1;
    print(`${name}: ${status === 0 ? 'ok' : 'failed'}`);
  });
}

const consumer = await installInConsumer({ libraries: ['client', 'callback-types'], external: ['zod'] });
try {
  const dependencies = { '@timer-platform/client': '*', zod: '*' };
  await consumer.write('package.json', JSON.stringify({ private: true, dependencies }));
  await consumer.write(PROGRAM, RUNTIME_PROGRAM);
  for (const runtime of RUNTIMES) await check(consumer, runtime);
} finally {
  await consumer.remove();
}
