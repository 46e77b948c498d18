import { migrateDown } from '@timer-platform/migrations';
import { type LockOptions, lockPolicyOf } from '../lock-options.ts';
import { formatDuration, type Output } from '../output.ts';

export interface DownCommand extends LockOptions {
  readonly migrations?: string | undefined;
  readonly to: bigint;
  readonly acceptLoss?: boolean | undefined;
  readonly allowBlocking?: boolean | undefined;
  readonly blockingRowLimit?: number | undefined;
  readonly json?: boolean | undefined;
}

/** Undoes the newest migrations and tells it, a line per file. */
export async function down(databaseUrl: string, command: DownCommand, output: Output): Promise<void> {
  const json = command.json === true;
  const undone = await migrateDown({
    databaseUrl,
    directory: command.migrations,
    to: command.to,
    acceptLoss: command.acceptLoss === true,
    blockingRowLimit: command.allowBlocking === true ? Infinity : command.blockingRowLimit,
    lockPolicy: lockPolicyOf(command),
    onUndone: (file, milliseconds) => {
      if (!json) output.line(`undone ${file.fileName}  ${formatDuration(milliseconds)}`);
    },
  });
  if (json) output.json({ undone: undone.map((file) => file.fileName), version: command.to });
  else
    output.line(
      undone.length === 0
        ? `nothing to undo, the schema is at version ${command.to}`
        : `done, the schema is at version ${command.to}`,
    );
}
