import { formatDuration, type Output } from '@timer-platform/command-line';
import { describeSession } from '@timer-platform/migrations';
import { Presets, SingleBar } from 'cli-progress';
import type { OnlineEvent } from './online-context.ts';
import { findProblems } from './verification-result.ts';

/** Shortest interval between two progress lines without a terminal, in milliseconds. */
const LINE_INTERVAL_MS = 5_000;

/** Remaining time in milliseconds at this rate; undefined when unknown. Pure. */
export function timeLeft(done: number, total: number, rowsPerSecond: number): number | undefined {
  return rowsPerSecond > 0 && total > done ? ((total - done) * 1000) / rowsPerSecond : undefined;
}

function progressText(event: Extract<OnlineEvent, { kind: 'batch' }>): string {
  const percent = event.total === 0 ? 100 : Math.floor((event.done * 100) / event.total);
  const left = timeLeft(event.done, event.total, event.rowsPerSecond);
  const rest = left === undefined ? '' : `, about ${formatDuration(left)} left`;
  return `${event.done} of about ${event.total} rows (${percent} %), ${event.rowsPerSecond.toFixed(0)} rows/s${rest}`;
}

/** Prints progress: a bar on a terminal, plain lines elsewhere. Always call `stop` at the end. */
export function showProgress(output: Output): {
  readonly report: (event: OnlineEvent) => void;
  readonly stop: () => void;
} {
  const bar = output.isTerminal
    ? new SingleBar(
        { format: '  {bar} {text}', gracefulExit: false, clearOnComplete: true },
        Presets.shades_classic,
      )
    : undefined;
  let barIsUp = false;
  let lastLineAt = -Infinity;
  const stop = (): void => {
    if (barIsUp) bar?.stop();
    barIsUp = false;
  };
  const note = (text: string): void => {
    stop();
    output.note(text);
  };
  const report = (event: OnlineEvent): void => {
    switch (event.kind) {
      case 'batch': {
        const text = progressText(event);
        if (bar !== undefined) {
          if (!barIsUp) bar.start(event.total, event.done, { text });
          barIsUp = true;
          bar.setTotal(event.total);
          bar.update(event.done, { text });
        } else if (performance.now() - lastLineAt >= LINE_INTERVAL_MS) {
          lastLineAt = performance.now();
          output.note(`  ${text}`);
        }
        break;
      }
      case 'phase':
        note(`phase ${event.phase}`);
        break;
      case 'notice':
        note(event.text);
        break;
      case 'blocked': {
        const who = event.failed.blockers.map(describeSession).join('; ') || 'a session that has ended since';
        note(
          `  ${event.step}: no lock within ${event.failed.lockTimeoutMs} ms (try ${event.failed.number}), next try ${event.failed.nextLockTimeoutMs} ms, blocked by: ${who}`,
        );
        break;
      }
      case 'verification': {
        const { result } = event;
        const problems = findProblems(result);
        note(
          `  ${result.rows} rows compared in ${formatDuration(result.milliseconds)}: ${problems.length === 0 ? 'old and new shape are equal' : problems.join('; ')}`,
        );
        note(`  hash sums: old ${result.old_sum}, new ${result.new_sum}`);
        if (result.json_null_headers + result.json_null_payloads > 0) {
          note(
            `  ${result.json_null_headers} headers and ${result.json_null_payloads} payloads are JSON null; after the contract they cannot be distinguished from SQL NULL`,
          );
        }
        if (result.other_headers > 0)
          note(
            `  ${result.other_headers} rows have headers that are not an object; they are not sent, as before`,
          );
        break;
      }
    }
  };
  return { report, stop };
}
