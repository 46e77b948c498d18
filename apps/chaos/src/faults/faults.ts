import type { FaultInterval } from '../verdict.ts';
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
  'restart NATS': restartNats,
  'hang the receiver': hangReceiver,
  'slow DNS': slowDns,
} as const satisfies Readonly<Record<string, Fault>>;

export type FaultName = keyof typeof FAULTS;

export function isFaultName(text: string): text is FaultName {
  return Object.hasOwn(FAULTS, text);
}

export const FAULT_NAMES: readonly FaultName[] = Object.keys(FAULTS).filter(isFaultName);

/** Whether a fault can be injected here. */
export function isPossible(name: FaultName, { nameServer }: FaultTargets): boolean {
  return name !== 'slow DNS' || nameServer !== undefined;
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
  onInterval({ name, outage, fromMs, toMs: Date.now() });
  await recover?.();
}
