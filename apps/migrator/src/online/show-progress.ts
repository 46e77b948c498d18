import { describeSession } from '@timer-platform/migrations';
import { Presets, SingleBar } from 'cli-progress';
import { formatDuration, type Output } from '../output.ts';
import type { OnlineEvent } from './online-context.ts';
import { findProblems } from './verification-result.ts';

/** Without a terminal: a line at most this often, in milliseconds. */
const LINE_INTERVAL_MS = 5_000;

/** Time left in milliseconds at this rate; undefined when nothing can be said. Pure. */
export function timeLeft(done: number, total: number, rowsPerSecond: number): number | undefined {
  return rowsPerSecond > 0 && total > done ? ((total - done) * 1000) / rowsPerSecond : undefined;
}

function progressText(event: Extract<OnlineEvent, { kind: 'batch' }>): string {
  const percent = event.total === 0 ? 100 : Math.floor((event.done * 100) / event.total);
  const left = timeLeft(event.done, event.total, event.rowsPerSecond);
  const rest = left === undefined ? '' : `, about ${formatDuration(left)} left`;
  return `${event.done} of about ${event.total} rows (${percent} %), ${event.rowsPerSecond.toFixed(0)} rows/s${rest}`;
}

/** Prints what happens: a bar on a terminal, plain lines elsewhere. Call `stop` at the end, whatever it was. */
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
      case 'remark':
        note(event.text);
        break;
      case 'blocked': {
        const who = event.failed.blockers.map(describeSession).join('; ') || 'a session that is gone again';
        note(
          `  ${event.step}: no lock within ${event.failed.lockTimeoutMs} ms (try ${event.failed.number}), next try ${event.failed.nextLockTimeoutMs} ms, in the way: ${who}`,
        );
        break;
      }
      case 'evidence': {
        const { evidence } = event;
        const against = findProblems(evidence);
        note(
          `  ${evidence.rows} rows compared in ${formatDuration(evidence.milliseconds)}: ${against.length === 0 ? 'old and new shape are equal' : against.join('; ')}`,
        );
        note(`  hash sums: old ${evidence.old_sum}, new ${evidence.new_sum}`);
        if (evidence.json_null_headers + evidence.json_null_payloads > 0) {
          note(
            `  ${evidence.json_null_headers} headers and ${evidence.json_null_payloads} payloads are JSON null; after the contract they cannot be told from SQL NULL`,
          );
        }
        if (evidence.other_headers > 0)
          note(`  ${evidence.other_headers} rows have headers that are no object; none are sent, as before`);
        break;
      }
    }
  };
  return { report, stop };
}
