import type { FaultInterval } from '../verdict.ts';
import { stepClock } from './clock-faults.ts';
import type { Fault, FaultTargets } from './fault.ts';
import {
  blockLeases,
  blockTimers,
  crashWithUnwrittenWal,
  cutConnections,
  killPostgres,
  stopPostgres,
} from './postgres-faults.ts';
import { hangReceiver, restartNats, slowDns } from './receiver-faults.ts';
import { crashLoop, freezeService, killService, partitionService } from './service-faults.ts';

const FAULTS = {
  'kill a service': killService,
  'crash loop': crashLoop,
  'freeze a service': freezeService,
  'cut a service off from PostgreSQL': partitionService,
  'restart PostgreSQL': stopPostgres,
  'kill PostgreSQL': killPostgres,
  'crash PostgreSQL with unwritten WAL': crashWithUnwrittenWal,
  'cut the connections to PostgreSQL': cutConnections,
  'block the timers': blockTimers,
  'block the leases': blockLeases,
  'step the clock of PostgreSQL': stepClock,
  'restart NATS': restartNats,
  'hang the receiver': hangReceiver,
  'slow DNS': slowDns,
} as const satisfies Readonly<Record<string, Fault>>;

export type FaultName = keyof typeof FAULTS;

export function isFaultName(text: string): text is FaultName {
  return Object.hasOwn(FAULTS, text);
}

export const FAULT_NAMES: readonly FaultName[] = Object.keys(FAULTS).filter(isFaultName);

/** The fault that needs a server whose clock can be stepped. */
export const CLOCK_FAULT: FaultName = 'step the clock of PostgreSQL';

/** Why a fault cannot be injected here; undefined if it can. */
export function findObstacle(name: FaultName, { nameServer, clock }: FaultTargets): string | undefined {
  if (name === 'slow DNS' && nameServer === undefined)
    return 'it needs root on Linux, and 127.0.0.53 for its name server';
  if (name === CLOCK_FAULT && !clock.canStep)
    return 'it needs libfaketime (Debian: apt-get install libfaketime; elsewhere, FAKETIME_LIBRARY names the file)';
  return undefined;
}

/** Injects a fault, reports when it began and ended, and completes the recovery. */
export async function injectFault(
  name: FaultName,
  targets: FaultTargets,
  onInterval: (interval: FaultInterval) => void,
): Promise<void> {
  const { outage, prepare, run }: Fault = FAULTS[name];
  if (prepare !== undefined) {
    const preparedFromMs = Date.now();
    await prepare(targets);
    onInterval({ name, outage: 'none', fromMs: preparedFromMs, toMs: Date.now() });
  }
  const fromMs = Date.now();
  const recover = await run(targets);
  if (outage !== undefined) onInterval({ name, outage, fromMs, toMs: Date.now() });
  await recover?.();
}
