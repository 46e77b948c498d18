import { Option } from 'commander';

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
