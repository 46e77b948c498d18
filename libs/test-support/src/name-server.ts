import { execFile } from 'node:child_process';
import { createSocket } from 'node:dgram';
import { once } from 'node:events';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { promisify } from 'node:util';
import { dnsResponse, parseDnsQuestion } from './dns-message.ts';

/** When a name server responds. `slow`: every other response comes after three seconds, the rest never. */
export type NameServerBehavior = 'normal' | 'slow' | 'silent';

/** A name server for one program; every name has the address 127.0.0.1. */
export interface NameServer {
  setBehavior(behavior: NameServerBehavior): void;
  /** The command that runs a program with this name server instead of the machine's. It keeps its process id. */
  wrap(program: string, args: readonly string[]): { readonly program: string; readonly args: string[] };
  stop(): Promise<void>;
}

/** resolv.conf has no ports. */
const ADDRESS = '127.0.0.53';
const PORT = 53;
const SLOW_MS = 3_000;
const TYPE_A = 1;

/** Replaces resolv.conf in a mount namespace of the program. */
const MOUNT = ['--mount', 'sh', '-c', 'mount --bind "$0" /etc/resolv.conf && exec "$@"'];

/** Responds to the first question: 127.0.0.1 for one second, or no address of another type. */
export function responseTo(query: Buffer): Buffer {
  const { type } = parseDnsQuestion(query);
  return dnsResponse(query, type === TYPE_A ? [[127, 0, 0, 1]] : [], 1);
}

/** Starts a name server. Returns undefined where that, or a mount namespace, is not permitted: both need root on Linux. */
export async function startNameServer(): Promise<NameServer | undefined> {
  const socket = createSocket('udp4');
  let behavior: NameServerBehavior = 'normal';
  let queries = 0;
  socket.on('message', (query, { port, address }) => {
    const respond = (): void => {
      socket.send(responseTo(query), port, address);
    };
    queries += 1;
    if (behavior === 'normal') respond();
    else if (behavior === 'slow' && queries % 2 === 0) setTimeout(respond, SLOW_MS).unref();
  });
  const directory = await mkdtemp(path.join(tmpdir(), 'name-server-'));
  const file = path.join(directory, 'resolv.conf');
  await writeFile(file, `nameserver ${ADDRESS}\n`);
  const wrap = (program: string, args: readonly string[]) => ({
    program: 'unshare',
    args: [...MOUNT, file, program, ...args],
  });
  const removeFile = () => rm(directory, { recursive: true, force: true });
  try {
    socket.bind(PORT, ADDRESS);
    await once(socket, 'listening');
    const trial = wrap('true', []);
    await promisify(execFile)(trial.program, trial.args);
  } catch {
    socket.close();
    await removeFile();
    return undefined;
  }
  return {
    setBehavior: (next) => {
      behavior = next;
    },
    wrap,
    stop: async () => {
      socket.close();
      await removeFile();
    },
  };
}
