import { Command, Option } from 'commander';
import { parseInteger, parseMilliseconds } from './arguments.ts';
import type { CommandContext } from './command-context.ts';
import { addActions, addUndo } from './commands/actions.ts';
import { addAttempts } from './commands/attempts.ts';
import { addChanges } from './commands/change.ts';
import { addCompletion } from './commands/completion.ts';
import { addCreate } from './commands/create.ts';
import { addDestinations } from './commands/destinations.ts';
import { addForecast } from './commands/forecast.ts';
import { addGet } from './commands/get.ts';
import { addList } from './commands/list.ts';
import { addReschedule } from './commands/reschedule.ts';
import { addSchedules } from './commands/schedules/schedules.ts';
import { addDispatchers, addStats } from './commands/stats.ts';
import { addTail } from './commands/tail.ts';
import { addVerifySignature } from './commands/verify-signature.ts';
import type { GlobalOptions } from './config.ts';

/** In the order of `--help`. */
const COMMANDS: readonly ((program: Command, context: CommandContext) => void)[] = [
  addCreate,
  addList,
  addGet,
  addAttempts,
  addChanges,
  addReschedule,
  addActions,
  addUndo,
  addSchedules,
  addStats,
  addForecast,
  addDestinations,
  addDispatchers,
  addTail,
  addVerifySignature,
  addCompletion,
];

const NOTES = `
Settings:
  TIMER_URL       URL of the timer service, such as http://127.0.0.1:8080
  TIMER_API_KEY   a key of the service; never an argument, which other users of the machine can see
  NO_COLOR        no colors

On a terminal results are tables, otherwise JSON Lines: one JSON object per line.

Exit codes:
  0 done    1 unexpected error, or answered no    2 wrong arguments    3 no such timer, schedule or action
  4 key wrong or not allowed
  5 refused: invalid or too late    6 service unavailable: try again    7 signature not valid`;

/** Builds the command line. Errors of the commands are left to the caller. */
export function buildProgram(
  version: string,
  makeContext: (options: () => GlobalOptions) => CommandContext,
): Command {
  const program = new Command('timer')
    .description('Command line of the Timer Platform')
    .version(version)
    .option('--url <url>', 'URL of the timer service, instead of TIMER_URL')
    .option('--api-key-file <file>', 'file with the API key, instead of TIMER_API_KEY')
    .option('--json', 'JSON Lines, also on a terminal')
    .option('--table', 'tables, also if standard output is not a terminal')
    .addOption(
      new Option('--deadline <duration>', 'time limit of a request with its retries').argParser(
        parseMilliseconds,
      ),
    )
    .addOption(new Option('--retries <number>', 'how often a request is repeated').argParser(parseInteger))
    .configureHelp({ showGlobalOptions: true })
    .addHelpText('after', NOTES)
    .exitOverride();
  const context = makeContext(() => program.opts<GlobalOptions>());
  for (const addCommand of COMMANDS) addCommand(program, context);
  return program;
}
