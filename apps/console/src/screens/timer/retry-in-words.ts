import type { RetryPolicy } from '@timer-platform/callback-types';
import { parseDuration } from '../../lib/duration.ts';
import { formatMilliseconds } from '../../lib/format-duration.ts';

const DEFAULT = 'The default: ten attempts in about 16 hours, from five seconds to eight hours apart.';

/** A retry policy in a sentence or two. */
export function retryInWords(policy: RetryPolicy | null): string {
  if (policy === null) return DEFAULT;
  const { max_attempts, delays, exponential, give_up_after } = policy;
  const sentences = [attemptsInWords(max_attempts, delays ?? exponential)];
  if (max_attempts !== 1) {
    if (delays !== undefined) sentences.push(delaysInWords(delays, max_attempts));
    if (exponential !== undefined) {
      const { initial, factor, max } = exponential;
      sentences.push(
        factor === 1
          ? `Retries come ${words(initial)} apart.`
          : `The first retry comes after ${words(initial)}, each further one after ${factor} times as long, at most ${words(max)}.`,
      );
    }
  }
  if (give_up_after !== undefined)
    sentences.push(`No attempt starts later than ${words(give_up_after)} after it was due.`);
  return sentences.join(' ');
}

function attemptsInWords(attempts: number | undefined, delays: unknown): string {
  if (attempts === 1) return 'One attempt, no retries.';
  if (attempts !== undefined) return `At most ${attempts} attempts.`;
  return delays === undefined ? 'As many attempts as by default.' : 'As many attempts as by default, ten.';
}

function delaysInWords(delays: readonly string[], attempts: number | undefined): string {
  const used = attempts === undefined ? delays : delays.slice(0, attempts - 1);
  const shown = used.slice(0, 5).map(words);
  const [only] = shown;
  if (used.length === 1) return `Retries come after ${only ?? ''} each.`;
  const rest = used.length > shown.length ? ', and so on' : '';
  return `Retries come after ${shown.join(', ')}${rest}; the last delay repeats.`;
}

/** Of a duration of the API, in the words of the console. Texts that are none are left as they are. */
function words(duration: string): string {
  const ms = parseDuration(duration);
  if (ms === undefined) return duration;
  const text = formatMilliseconds(ms);
  // Two units may not be all of it.
  return ms < 1_000 || ms % 1_000 === 0 ? text : duration;
}
