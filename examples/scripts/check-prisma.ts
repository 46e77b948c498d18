/**
 * Uses the packed client in transactions of Prisma itself: `npx nx run examples:check-prisma`. Prints a line for each check,
 * and exits with 1 if one fails. `npm test` does not run it.
 *
 * Installs Prisma from the npm registry in the user's cache directory, 300 MB, unless an earlier run has. Without the
 * registry it is skipped. Prisma's own download, the schema engine, is not needed: it migrates and introspects databases.
 */
import { mkdir, symlink } from 'node:fs/promises';
import path from 'node:path';
import { type Consumer, installInCache, installInConsumer } from '@timer-platform/package-consumer';
import { withPlatform } from '../src/platform.ts';
import { PRISMA_PROJECT } from './prisma-project.ts';

const VERSION = '7.10.0';
const PRISMA = {
  name: `prisma-${VERSION}`,
  packages: [`prisma@${VERSION}`, `@prisma/client@${VERSION}`, `@prisma/adapter-pg@${VERSION}`],
};
/** Packages that the project imports. */
const LINKED = ['prisma', '@prisma/client', '@prisma/client-runtime-utils', '@prisma/adapter-pg'];

const print = (line: string): void => {
  console.log(line);
};

async function linkInto(consumer: Consumer, installation: string): Promise<void> {
  for (const name of LINKED) {
    const target = path.join(consumer.directory, 'node_modules', name);
    await mkdir(path.dirname(target), { recursive: true });
    await symlink(path.join(installation, 'node_modules', name), target, 'junction');
  }
}

/** @throws Error with the output of a program that fails */
async function runInProject(consumer: Consumer, ...args: string[]): Promise<string> {
  const { status, output } = await consumer.node(...args);
  if (status !== 0) throw new Error(`${args.join(' ')} failed:\n${output}`);
  return output;
}

/** Generates a client of Prisma and compiles the program with it. */
async function build(consumer: Consumer, installation: string): Promise<void> {
  for (const [name, text] of Object.entries(PRISMA_PROJECT)) await consumer.write(name, text);
  // Any program in place of the engine keeps Prisma from downloading it.
  process.env['PRISMA_SCHEMA_ENGINE_BINARY'] = process.execPath;
  await runInProject(consumer, path.join(installation, 'node_modules/prisma/build/index.js'), 'generate');
  const options = ['--module', 'nodenext', '--target', 'es2022', '--strict', '--skipLibCheck'];
  const { status, output } = await consumer.tool(
    'typescript/bin/tsc',
    ...[...options, '--types', 'node', '--outDir', 'dist', 'check.ts'],
  );
  if (status !== 0) throw new Error(`the program does not compile:\n${output}`);
}

async function check(installation: string): Promise<void> {
  const external = ['zod', '@types/node', 'undici-types'];
  const consumer = await installInConsumer({ libraries: ['client', 'callback-types'], external });
  try {
    await linkInto(consumer, installation);
    await build(consumer, installation);
    await withPlatform(async ({ databaseUrl }) => {
      process.env['DATABASE_URL'] = databaseUrl;
      print((await runInProject(consumer, 'dist/check.js')).trim());
    });
  } finally {
    await consumer.remove();
  }
}

const { directory, output } = await installInCache(PRISMA);
if (directory === undefined) print(`skipped: npm cannot install Prisma ${VERSION}:\n${output}`);
else {
  await check(directory);
  print(`Prisma ${VERSION}: ok`);
}
