import { startMigrator } from './migrator-process.ts';

/** The steps of the online migration, each with the line of the migrator that announces it. */
export const STEPS = [
  ['expand', /^timers takes/],
  ['backfill', /^phase backfill/],
  ['sweep', /^phase sweep/],
  ['constraints', /^phase constraints/],
  ['index', /^phase index/],
  ['verify', /^phase verify$/],
  ['contract', /rows compared/],
] as const;
export type Step = (typeof STEPS)[number][0];

export const START = ['online', 'start'];
export const CONTRACT = ['online', 'contract', '--old-service-stopped', '--known-application', 'bench'];

/** A step and when it began, by `performance.now()`. */
export interface StepStart {
  readonly step: Step;
  readonly at: number;
}

/**
 * Runs `online start` and returns when each step began.
 * @throws Error with the output of the migrator if it fails
 */
export async function runOnlineStart(
  url: string,
  options: readonly string[],
  log: (line: string) => void,
): Promise<StepStart[]> {
  const starts: StepStart[] = [];
  const { code, stderr } = await startMigrator(url, [...START, ...options], (line) => {
    log(line);
    const found = STEPS.find(([step, pattern]) => step !== 'contract' && pattern.test(line));
    if (found !== undefined) starts.push({ step: found[0], at: performance.now() });
  }).exit;
  if (code !== 0) throw new Error(`migrator online start exited with ${code ?? 'a signal'}:\n${stderr}`);
  return starts;
}
