import { readdirSync, readFileSync } from 'node:fs';

/** The kernel counts CPU time for user space in hundredths of a second, whatever its own tick is (USER_HZ). */
const TICKS_PER_SECOND = 100;

interface Stat {
  readonly name: string;
  readonly parentPid: number;
  /** CPU seconds of the process itself. */
  readonly ownSeconds: number;
  /** CPU seconds of its children that have ended and were waited for. */
  readonly endedChildrenSeconds: number;
}

/** Fields of /proc/<pid>/stat, see proc(5). undefined: there is no such process. */
export function parseStat(text: string): Stat | undefined {
  // The name stands in parentheses and may hold anything, parentheses and spaces too.
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
    // Not Linux, or the process has just ended.
    return undefined;
  }
}

function readStat(pid: number): Stat | undefined {
  const text = readProcFile(`/proc/${pid}/stat`);
  return text === undefined ? undefined : parseStat(text);
}

/** CPU seconds that one process has used so far; NaN where that cannot be told. */
export function cpuSeconds(pid: number): number {
  return readStat(pid)?.ownSeconds ?? Number.NaN;
}

/**
 * The postmaster of a backend, when the backend runs on this machine. A server elsewhere may have a process of the same
 * id, hence the name is looked at, too.
 */
export function postmasterOf(backendPid: number): number | undefined {
  const backend = readStat(backendPid);
  return backend?.name === 'postgres' ? backend.parentPid : undefined;
}

/** CPU seconds of a server with all its processes so far, those that have ended included. */
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

/** The largest resident set that a process has had so far, in MiB; NaN where that cannot be told. */
export function peakResidentMib(pid: number): number {
  const status = readProcFile(`/proc/${pid}/status`) ?? '';
  const kib = /^VmHWM:\s+(\d+) kB$/m.exec(status)?.[1];
  return kib === undefined ? Number.NaN : Number(kib) / 1_024;
}
