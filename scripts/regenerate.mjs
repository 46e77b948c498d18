/**
 * `npm run regenerate`: writes every generated file again after a change of the contract, a route or a migration:
 * the JSON Schemas, openapi.json, schema.sql and migrations/schema/. The last two are read from a temporary database.
 */
import { rmSync } from 'node:fs';
import path from 'node:path';
import { ensureDependencies } from './ensure-dependencies.mjs';
import { runCommand } from './run-command.mjs';
import { workspaceRoot } from './workspace.mjs';

const NX = path.join(workspaceRoot, 'node_modules', 'nx', 'dist', 'bin', 'nx.js');
const MIGRATOR = path.join(workspaceRoot, 'apps', 'migrator', 'dist', 'main.js');

async function run(args, env = {}) {
  const { exitCode } = await runCommand(process.execPath, args, { env });
  if (exitCode !== 0) throw new Error(`node ${args.join(' ')} ended with exit code ${exitCode}`);
}

async function dumpSchema() {
  // Below the workspace, because the server's user may not enter a temporary directory of root.
  const directory = path.join(workspaceRoot, '.timer', `regenerate-${process.pid}`);
  const env = { TIMER_DIRECTORY: directory, DATABASE_URL: '', PG_HOST: '', PG_USER: '', PG_DB_NAME: '' };
  try {
    await run([MIGRATOR, 'migrate'], env);
    await run([MIGRATOR, 'dump-schema'], env);
  } finally {
    rmSync(directory, { recursive: true, force: true });
  }
}

try {
  await ensureDependencies();
  await run([NX, 'run', 'callback-types:schemas']);
  await run([NX, 'run', 'timer-service:openapi']);
  await run([NX, 'run', 'migrator:build']);
  await dumpSchema();
} catch (error) {
  console.error(error.message);
  process.exitCode = 1;
}
