import type { Command } from 'commander';
import type { CommandContext } from '../../command-context.ts';
import { EXIT_CODE, type ExitCode, exitCodeOf } from '../../exit-codes.ts';
import type { Output } from '../../output.ts';
import {
  type AppliedSchedule,
  type ApplyAction,
  applySchedules,
  checkTimings,
  planSchedules,
} from '../../schedules/apply-schedules.ts';
import type { FileIssue } from '../../schedules/schedule-file.ts';
import { noteRunning } from '../../schedules/show-schedule.ts';
import type { Color } from '../../table.ts';
import { UsageError } from '../../usage-error.ts';

const NOTES = `
The file is YAML or JSON. It may be applied at every deployment: what is the same is left alone.

  prefix: billing.                 # needed for --prune: the file owns all keys that start with this
  schedules:
    billing.daily-report:          # key: what PUT /schedules/:key takes
      cron: '0 9 * * MON-FRI'
      time_zone: Europe/Berlin
      callback: { type: http, url: https://shop.example/reports }

Everything is checked before anything is changed. Environment variables are not replaced; for secrets:
  envsubst < schedules.yaml | timer schedules apply -

Secrets that the service masks are not compared in a dry run, unless the API key has the role admin.`;

interface Flags {
  readonly dryRun?: boolean;
  readonly prune?: boolean;
}

const COLORS: Readonly<Record<ApplyAction, Color>> = {
  created: 'green',
  changed: 'yellow',
  unchanged: 'dim',
  pruned: 'red',
};

function show(output: Output, { key, action, changes }: AppliedSchedule): string[] {
  return [
    output.row([{ text: action.padEnd(9), color: COLORS[action] }, { text: key }]),
    ...changes.map(({ field, from, to }) =>
      output.row([{ text: `           ${field}: ${JSON.stringify(from)} → ${JSON.stringify(to)}` }]),
    ),
  ];
}

function write(output: Output, schedule: AppliedSchedule, dryRun: boolean): void {
  const { key, action, changes, withdrawal } = schedule;
  const withdrawn = withdrawal?.withdrawn_count ?? 0;
  output.result({ key, action, changes, dry_run: dryRun, withdrawn }, () => show(output, schedule));
  if (withdrawal !== undefined) noteRunning(output, withdrawal);
}

function invalidFile(path: string, issues: readonly FileIssue[]): UsageError {
  const sorted = [...issues].sort((a, b) => a.line - b.line);
  const lines = sorted.map(
    (issue) => `  ${path}:${issue.line}: ${[issue.path, issue.message].filter(Boolean).join(': ')}`,
  );
  return new UsageError(`nothing was changed, the file is not valid:\n${lines.join('\n')}`);
}

async function apply(
  path: string,
  { dryRun = false, prune = false }: Flags,
  context: CommandContext,
): Promise<void> {
  // Loaded when it is needed: the parser of YAML, and the schemas of requests, which are not in the bundled program.
  const { readScheduleFile } = await import('../../schedules/schedule-file.ts');
  const contract = await import('@timer-platform/callback-types');
  const file = readScheduleFile(new TextDecoder().decode(await context.readInput(path)), contract);
  if (file.issues.length > 0) throw invalidFile(path, file.issues);
  if (prune && file.prefix === undefined)
    throw new UsageError(
      '--prune needs a prefix in the file: it deletes only schedules whose key starts with it',
    );
  const { schedules } = context.client();
  const refused = await checkTimings(schedules, file);
  if (refused.length > 0) throw invalidFile(path, refused);
  const planned = await planSchedules(schedules, file, prune);
  const output = context.output();
  if (dryRun) {
    for (const schedule of planned) write(output, schedule, true);
    return;
  }
  let exitCode: ExitCode = EXIT_CODE.ok;
  await applySchedules(schedules, planned, {
    applied: (schedule) => {
      write(output, schedule, false);
    },
    failed: (key, error) => {
      output.note(`timer: ${key}: ${error.message}`);
      if (exitCode === EXIT_CODE.ok) exitCode = exitCodeOf(error);
    },
  });
  context.exitWith(exitCode);
}

export function addApplySchedules(schedules: Command, context: CommandContext): void {
  schedules
    .command('apply')
    .description('Store the schedules of a file, and show what differs')
    .argument('<file>', 'a file in YAML or JSON, - for standard input')
    .option('--dry-run', 'only show what would be done')
    .option('--prune', 'delete schedules with the prefix of the file that are not in it')
    .addHelpText('after', NOTES)
    .action((path: string, flags: Flags) => apply(path, flags, context));
}
