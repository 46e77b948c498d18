import {
  assertNoDependentObjects,
  assertNoProblems,
  BlockerWatch,
  compareLedger,
  createLedger,
  DEFAULT_LOCK_POLICY,
  ensureOnlineTable,
  findMigrationsDirectory,
  isUnderWay,
  type Ledger,
  type LockPolicy,
  MigrationError,
  type MigrationFile,
  ONLINE_VERSION,
  type OnlineState,
  openMigrationSession,
  readLedger,
  readMigrationFiles,
  readOnlineState,
  syncKyselyTable,
  withMigrationLock,
} from '@timer-platform/migrations';
import { abort, assertNothingLost } from './abort.ts';
import { backfill, sweep, throwIfStopped } from './backfill.ts';
import { type BatchThrottle, DEFAULT_MAX_REPLICA_LAG_BYTES, DEFAULT_THROTTLE } from './batch-throttle.ts';
import { buildIndex } from './build-index.ts';
import { addConstraints } from './constraints.ts';
import { contract } from './contract.ts';
import { expand } from './expand.ts';
import { assertNoOldClients } from './old-clients.ts';
import type { OnlineContext, OnlineEvent } from './online-context.ts';
import { preflight, type PreflightOptions } from './preflight.ts';
import { ReplicaThrottle } from './replica-lag.ts';
import type { VerificationResult } from './verification-result.ts';
import { verify } from './verify.ts';

export interface OnlineOptions {
  readonly databaseUrl: string;
  readonly directory?: string | undefined;
  readonly throttle?: BatchThrottle | undefined;
  /** Batches wait while a streaming replica is further behind; Infinity: they never do. */
  readonly maxReplicaLagBytes?: number | undefined;
  readonly lockPolicy?: LockPolicy | undefined;
  readonly signal?: AbortSignal | undefined;
  readonly report?: ((event: OnlineEvent) => void) | undefined;
}

/** State of one call under the migration lock. */
interface OnlineRun {
  readonly context: OnlineContext;
  readonly ledger: Ledger;
  readonly files: readonly MigrationFile[];
}

/** The server releases the locks of a killed migrator within a second or so; a running one is not worth a longer wait. */
const LOCK_WAIT_MS = 5_000;

/** Calls `work` under the migration lock. @throws MigrationError `busy` while another migrator is running */
async function withOnlineContext<T>(
  options: OnlineOptions,
  work: (run: OnlineRun) => Promise<T>,
): Promise<T> {
  const files = await readMigrationFiles(options.directory ?? findMigrationsDirectory());
  const file = files.find((candidate) => candidate.version === ONLINE_VERSION);
  if (file === undefined)
    throw new MigrationError('vanished', `migration ${ONLINE_VERSION} does not exist; restore its file`);
  const session = await openMigrationSession(options.databaseUrl);
  const watch = new BlockerWatch(options.databaseUrl);
  const report = options.report ?? (() => undefined);
  const replicas = new ReplicaThrottle(
    session.client,
    options.maxReplicaLagBytes ?? DEFAULT_MAX_REPLICA_LAG_BYTES,
    (text) => {
      report({ kind: 'notice', text });
    },
  );
  try {
    return await withMigrationLock(session.client, { lockWaitMs: LOCK_WAIT_MS }, async () => {
      const ledger = await readLedger(session.client);
      assertNoProblems(compareLedger(files, ledger).problems);
      return work({
        context: {
          session,
          watch,
          policy: options.lockPolicy ?? DEFAULT_LOCK_POLICY,
          throttle: options.throttle ?? DEFAULT_THROTTLE,
          replicas,
          file,
          signal: options.signal ?? new AbortController().signal,
          report,
        },
        ledger,
        files,
      });
    });
  } finally {
    await watch.close();
    await session.close();
  }
}

/** Reads the state. @throws MigrationError `not-online` unless an online migration is between its start and its contract */
async function requireUnderWay(context: OnlineContext): Promise<OnlineState> {
  const state = await readOnlineState(context.session.client, context.file.version);
  if (state === undefined || !isUnderWay(state)) {
    throw new MigrationError(
      'not-online',
      'no online migration is under way; start one with `npx nx run migrator:online -- start`',
    );
  }
  return state;
}

/** Runs the remaining phases up to the verification. Each phase stores its successor when it ends. */
async function runRemainingPhases(context: OnlineContext): Promise<void> {
  const { client } = context.session;
  await ensureOnlineTable(client);
  await client.query('UPDATE _online_migrations SET paused = FALSE WHERE version = $1', [
    context.file.version.toString(),
  ]);
  for (;;) {
    const { phase, paused } = await requireUnderWay(context);
    throwIfStopped(context, paused);
    context.report({ kind: 'phase', phase });
    switch (phase) {
      case 'backfill':
        await backfill(context);
        break;
      case 'sweep':
        await sweep(context);
        break;
      case 'constraints':
        await addConstraints(context);
        break;
      case 'index':
        await buildIndex(context);
        break;
      case 'verify':
        await verify(context);
        break;
      case 'aborting':
        throw new MigrationError(
          'not-online',
          'the online migration is being aborted; finish with `npx nx run migrator:online -- abort`',
        );
      case 'verified':
      case 'contracted':
      case 'aborted':
        return;
    }
  }
}

function assertCanStart({ ledger, context }: OnlineRun): void {
  const newest = ledger.rows.at(-1)?.version;
  if (newest === undefined) {
    throw new MigrationError(
      'not-adopted',
      'this database has no ledger of its migrations; run `npx nx run migrator:adopt` first',
    );
  }
  if (ledger.rows.some((row) => row.version === context.file.version)) {
    throw new MigrationError(
      'not-online',
      `${context.file.fileName} is applied already; there is nothing to do online`,
    );
  }
}

export interface StartOptions extends OnlineOptions, PreflightOptions {}

/** Each of their connections fails once, so that it is better done at a known time. */
const RECYCLE_CONNECTIONS =
  'restart the first service or recycle its connections now: a prepared SELECT * or RETURNING * fails with "cached plan must not change result type" until it is prepared again, and some drivers never do that';

/** Starts the online migration to version 2, or continues an interrupted one, up to the verification. */
export async function startOnline(options: StartOptions): Promise<void> {
  await withOnlineContext(options, async (run) => {
    const { context } = run;
    assertCanStart(run);
    await createLedger(context.session.client, run.ledger.table);
    if (!isUnderWay(await readOnlineState(context.session.client, context.file.version))) {
      for (const text of await preflight(context.session, options)) context.report({ kind: 'notice', text });
      await expand(context);
      context.report({ kind: 'notice', text: RECYCLE_CONNECTIONS });
    }
    await runRemainingPhases(context);
  });
}

/** Continues after a pause or an interruption. @throws MigrationError `not-online` when none is under way */
export async function resumeOnline(options: OnlineOptions): Promise<void> {
  await withOnlineContext(options, async ({ context }) => {
    await requireUnderWay(context);
    await runRemainingPhases(context);
  });
}

/** Compares both shapes of every row again. */
export async function verifyOnline(options: OnlineOptions): Promise<VerificationResult> {
  return withOnlineContext(options, async ({ context }) => {
    const { phase } = await requireUnderWay(context);
    if (phase !== 'verify' && phase !== 'verified') {
      throw new MigrationError(
        'not-online',
        `the online migration is in phase ${phase}; run \`npx nx run migrator:online -- resume\` first`,
      );
    }
    return verify(context);
  });
}

export interface ContractOptions extends OnlineOptions {
  /** The operator confirms that no process of the first service is left; no check can prove that. */
  readonly oldServiceStopped: boolean;
  /** application_name of clients that do not use the old columns. */
  readonly knownApplications?: readonly string[] | undefined;
}

/** Drops the old columns and records 002. @throws MigrationError `not-confirmed`, `old-clients` or `not-verified` */
export async function contractOnline(options: ContractOptions): Promise<VerificationResult> {
  return withOnlineContext(options, async ({ context, ledger, files }) => {
    const { phase } = await requireUnderWay(context);
    if (phase !== 'verified' && phase !== 'verify') {
      throw new MigrationError(
        'not-online',
        `the online migration is in phase ${phase}; run \`npx nx run migrator:online -- resume\` first`,
      );
    }
    if (!options.oldServiceStopped) {
      throw new MigrationError(
        'not-confirmed',
        'the contract drops the old columns permanently; stop every process of the first service, then confirm with --old-service-stopped',
      );
    }
    const { client } = context.session;
    await assertNoDependentObjects(client, 'the contract');
    const known = options.knownApplications ?? [];
    await assertNoOldClients(client, known);
    const result = await verify(context);
    // The verification takes minutes on a large table.
    await assertNoOldClients(client, known);
    await contract(context, ledger.table);
    await syncKyselyTable(client, files, ledger.table);
    return result;
  });
}

export interface AbortOptions extends OnlineOptions {
  /** The operator accepts the loss of settings that version 1 has no column for. */
  readonly acceptLoss?: boolean | undefined;
}

/** Restores the schema of 001; possible until the contract. @throws MigrationError `not-confirmed`, which names the losses */
export async function abortOnline(options: AbortOptions): Promise<void> {
  await withOnlineContext(options, async ({ context, ledger }) => {
    const { phase } = await requireUnderWay(context);
    const newest = ledger.rows.at(-1)?.version ?? 0n;
    if (newest > context.file.version) {
      throw new MigrationError(
        'no-way-back',
        `version ${newest} is applied already; run \`npx nx run migrator:down -- --to 1\` first`,
      );
    }
    if (options.acceptLoss !== true && phase !== 'aborting') await assertNothingLost(context.session.client);
    await abort(context);
  });
}

/** Makes the running migrator stop after its batch. Takes no lock. */
export async function pauseOnline(databaseUrl: string): Promise<void> {
  const session = await openMigrationSession(databaseUrl);
  try {
    const state = await readOnlineState(session.client, ONLINE_VERSION);
    if (!isUnderWay(state)) throw new MigrationError('not-online', 'no online migration is under way');
    await session.client.query('UPDATE _online_migrations SET paused = TRUE WHERE version = $1', [
      ONLINE_VERSION.toString(),
    ]);
  } finally {
    await session.close();
  }
}

/** The state of the online migration; undefined when none was ever started. Takes no lock. */
export async function statusOnline(databaseUrl: string): Promise<OnlineState | undefined> {
  const session = await openMigrationSession(databaseUrl);
  try {
    return await readOnlineState(session.client, ONLINE_VERSION);
  } finally {
    await session.close();
  }
}
