import { runCli } from './cli.ts';
import { processOutput } from './output.ts';

process.exitCode = await runCli(
  process.argv.slice(2),
  process.env,
  processOutput(process.stdout, process.stderr),
);
