import { processOutput } from '@timer-platform/command-line';
import { runCli } from './cli.ts';

/** For commands that can stop after a batch: the first Ctrl-C aborts the signal, the second one ends the process. */
function listenForStop(): AbortSignal {
  const stop = new AbortController();
  for (const name of ['SIGINT', 'SIGTERM'] as const) {
    process.once(name, () => {
      stop.abort();
    });
  }
  return stop.signal;
}

process.exitCode = await runCli(
  process.argv.slice(2),
  process.env,
  processOutput(process.stdout, process.stderr),
  listenForStop,
);
