import type { TimerState } from '@timer-platform/callback-types';
import type { ReactNode } from 'react';
import styles from './status-badge.module.css';

/** How something is doing. Told by a sign and a text, not by the colour alone. */
export type Tone = 'good' | 'bad' | 'warn' | 'active' | 'idle';

const SIGNS: Readonly<Record<Tone, string>> = { good: '●', bad: '✕', warn: '▲', active: '▶', idle: '○' };

export function Badge({
  tone,
  sign,
  children,
}: {
  readonly tone: Tone;
  readonly sign?: string;
  readonly children: ReactNode;
}) {
  return (
    <span className={styles.badge} data-tone={tone}>
      <span aria-hidden="true" className={styles.sign}>
        {sign ?? SIGNS[tone]}
      </span>
      {children}
    </span>
  );
}

const TIMER_STATES: Readonly<Record<TimerState, { tone: Tone; sign: string }>> = {
  pending: { tone: 'idle', sign: '○' },
  executing: { tone: 'active', sign: '▶' },
  completed: { tone: 'good', sign: '●' },
  failed: { tone: 'bad', sign: '✕' },
  canceled: { tone: 'idle', sign: '–' },
};

/** The state of a timer; `paused` when it waits for a paused destination. */
export function StatusBadge({ status, paused }: { readonly status: TimerState; readonly paused?: boolean }) {
  if (paused === true && status === 'pending')
    return (
      <Badge tone="warn" sign="‖">
        paused
      </Badge>
    );
  return <Badge {...TIMER_STATES[status]}>{status}</Badge>;
}
