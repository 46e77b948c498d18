import { execFile } from 'node:child_process';

/** Result of a program, which may have failed. */
export interface Run {
  readonly status: number;
  /** Standard output, then standard error. */
  readonly output: string;
}

const MAX_OUTPUT_BYTES = 64 * 2 ** 20;

/** What npm, Nx and Jest set. Where npm finds packages is a setting of the user, also if npm passes it on. */
const NOT_INHERITED =
  /^(npm_(?!config_(userconfig|globalconfig|registry|cache|cafile|proxy|https_proxy|noproxy)$)|nx_|jest_|force_color$|node_options$)/i;

/** Runs a program as a user would: without the variables of the test run. Does not throw if it fails. */
export function run(program: string, args: readonly string[], cwd: string): Promise<Run> {
  const inherited = Object.entries(process.env).filter(([name]) => !NOT_INHERITED.test(name));
  const env = { ...Object.fromEntries(inherited), NO_COLOR: '1' };
  return new Promise((resolve) => {
    execFile(program, args, { cwd, env, maxBuffer: MAX_OUTPUT_BYTES }, (error, stdout, stderr) => {
      const status = error === null ? 0 : typeof error.code === 'number' ? error.code : 1;
      resolve({ status, output: stdout + stderr });
    });
  });
}
