import { runCommandLine } from './run-command-line.ts';

/** Replaced by the version of the package when the program is bundled. */
declare const PACKAGE_VERSION: string;

// A reader that needs no more, such as head, closes the pipe: the rest of the output is of no interest.
process.stdout.on('error', (error: NodeJS.ErrnoException) => {
  process.exit(error.code === 'EPIPE' ? 0 : 1);
});

/** The first Ctrl-C aborts the signal, the second one ends the process. */
function listenForStop(): AbortSignal {
  const stop = new AbortController();
  for (const name of ['SIGINT', 'SIGTERM'] as const)
    process.once(name, () => {
      stop.abort();
    });
  return stop.signal;
}

void runCommandLine(process.argv.slice(2), PACKAGE_VERSION, {
  env: process.env,
  stdin: process.stdin,
  stdout: process.stdout,
  stderr: process.stderr,
  now: Date.now,
  listenForStop,
}).then((exitCode) => {
  process.exitCode = exitCode;
});
