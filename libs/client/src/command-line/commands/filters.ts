import type { CallbackType, TimerFilter } from '@timer-platform/callback-types';
import { type Command, Option } from 'commander';
import { parseJson } from '../timer-request.ts';
import { UsageError } from '../usage-error.ts';

// The lists of the contract would bring zod into the program; a test compares them.
export const STATUSES = ['pending', 'executing', 'completed', 'failed', 'canceled'] as const;
export const CALLBACK_TYPE_CHOICES = ['http', 'nats'] as const;

export function statusOption(): Option {
  return new Option('--status <status>', 'only timers with this status').choices(STATUSES);
}

export function callbackTypeOption(): Option {
  return new Option('--callback-type <type>', 'only timers with this callback').choices(
    CALLBACK_TYPE_CHOICES,
  );
}

/** The filters of lists and of changes, as commander parses them. */
export interface FilterFlags {
  readonly callbackType?: CallbackType;
  readonly destination?: string;
  readonly dueFrom?: string;
  readonly dueBefore?: string;
  readonly createdFrom?: string;
  readonly createdBefore?: string;
  readonly lastError?: string;
  readonly schedule?: string;
  readonly metadata?: string;
}

/** Adds the filters that lists and changes of many timers have in common. */
export function addFilterOptions(command: Command): Command {
  return command
    .addOption(callbackTypeOption())
    .option('--destination <destination>', 'only timers to this one, such as https://example.com')
    .option('--due-from <instant>', 'only timers due at or after this instant')
    .option('--due-before <instant>', 'only timers due before this instant')
    .option('--created-from <instant>', 'only timers stored at or after this instant')
    .option('--created-before <instant>', 'only timers stored before this instant')
    .option('--last-error <text>', 'only timers whose last error contains this text')
    .option('--schedule <key>', 'only occurrences of this schedule')
    .option('--metadata <json>', 'only timers whose metadata contains this object');
}

type Filter = Omit<TimerFilter, 'ids' | 'key'>;

/**
 * The filter of the options: fields that were given.
 *
 * @throws {UsageError} if the metadata is no JSON object
 */
export function filterOf(flags: FilterFlags): Filter {
  const metadata = flags.metadata === undefined ? undefined : parseJson(flags.metadata, '--metadata');
  if (
    metadata !== undefined &&
    (typeof metadata !== 'object' || metadata === null || Array.isArray(metadata))
  )
    throw new UsageError('--metadata must be a JSON object, such as {"team":"billing"}');
  return {
    callback_type: flags.callbackType,
    destination: flags.destination,
    due_from: flags.dueFrom,
    due_before: flags.dueBefore,
    created_from: flags.createdFrom,
    created_before: flags.createdBefore,
    last_error: flags.lastError,
    schedule: flags.schedule,
    metadata: metadata as Filter['metadata'],
  };
}
