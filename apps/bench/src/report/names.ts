/** The names of contenders, scenarios and metrics, shared by the code that writes figures and the code that reads them. */
export const OURS = 'timer-platform';
export const LIMIT = 'limit';

export const scenarioNames = {
  burst: 'burst',
  steady: (perSecond: number) => `steady ${perSecond.toLocaleString('en-US')}/s`,
  nats: 'nats',
  openTransaction: 'open transaction',
  noOpenTransaction: 'no open transaction',
  pendingPrefix: 'pending ',
  pending: (timers: number) => `pending ${timers.toLocaleString('en-US')}`,
  create: 'create',
  dead: 'dead destination',
  herdPrefix: 'herd of ',
  herd: (timers: number) => `herd of ${timers.toLocaleString('en-US')}`,
} as const;

export const METRICS = {
  rate: 'per second',
  cpu: 'CPU s per 1,000',
  cpuProcess: 'CPU s per 1,000, process',
  cpuPostgres: 'CPU s per 1,000, PostgreSQL',
  p50: 'lateness p50, ms',
  p99: 'lateness p99, ms',
  max: 'lateness max, ms',
  early: 'early',
  missing: 'missing',
  duplicates: 'duplicates',
  peakMib: 'peak RSS, MiB',
  claimP50: 'claim p50, ms',
  claimP99: 'claim p99, ms',
  single: 'single POSTs/s',
  batch: 'batch rows/s',
  apiP99: 'POST p99, ms',
  apiMax: 'POST max, ms',
} as const;
