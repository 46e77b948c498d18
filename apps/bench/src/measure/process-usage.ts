import { readdirSync, readFileSync } from 'node:fs';

/** USER_HZ: the kernel reports CPU time in hundredths of a second, independent of its internal tick. */
const TICKS_PER_SECOND = 100;

interface Stat {
  readonly name: string;
  readonly parentPid: number;
  /** CPU seconds of the process itself. */
  readonly ownSeconds: number;
  /** CPU seconds of its children that have exited and were waited for. */
  readonly endedChildrenSeconds: number;
}

/** Parses /proc/<pid>/stat, see proc(5). Returns undefined if the text has another format. */
export function parseStat(text: string): Stat | undefined {
  // The name is in parentheses and may itself contain parentheses and spaces.
  const open = text.indexOf('(');
  const close = text.lastIndexOf(')');
  if (open < 0 || close < open) return undefined;
  const fields = text.slice(close + 2).split(' ');
  const seconds = (first: number): number =>
    (Number(fields[first]) + Number(fields[first + 1])) / TICKS_PER_SECOND;
  return {
    name: text.slice(open + 1, close),
    parentPid: Number(fields[1]),
    ownSeconds: seconds(11),
    endedChildrenSeconds: seconds(13),
  };
}

function readProcFile(path: string): string | undefined {
  try {
    return readFileSync(path, 'utf8');
  } catch {
    // Not Linux, or the process has exited.
    return undefined;
  }
}

function readStat(pid: number): Stat | undefined {
  const text = readProcFile(`/proc/${pid}/stat`);
  return text === undefined ? undefined : parseStat(text);
}

/** CPU seconds that one process has used so far; NaN if unknown. */
export function cpuSeconds(pid: number): number {
  return readStat(pid)?.ownSeconds ?? Number.NaN;
}

/**
 * The process id of a backend's postmaster; undefined if the backend does not run on this machine. The process name is
 * checked too, because a process here may have the same id as a backend elsewhere.
 */
export function postmasterOf(backendPid: number): number | undefined {
  const backend = readStat(backendPid);
  return backend?.name === 'postgres' ? backend.parentPid : undefined;
}

/** CPU seconds of all processes of a server so far, including those that have exited; NaN if unknown. */
export function serverCpuSeconds(postmasterPid: number): number {
  const postmaster = readStat(postmasterPid);
  if (postmaster === undefined) return Number.NaN;
  let total = postmaster.ownSeconds + postmaster.endedChildrenSeconds;
  for (const entry of readdirSync('/proc')) {
    if (!/^\d+$/.test(entry)) continue;
    const stat = readStat(Number(entry));
    if (stat?.parentPid === postmasterPid) total += stat.ownSeconds;
  }
  return total;
}

/** The largest resident set of a process so far, in MiB; NaN if unknown. */
export function peakResidentMib(pid: number): number {
  const status = readProcFile(`/proc/${pid}/status`) ?? '';
  const kib = /^VmHWM:\s+(\d+) kB$/m.exec(status)?.[1];
  return kib === undefined ? Number.NaN : Number(kib) / 1_024;
}
