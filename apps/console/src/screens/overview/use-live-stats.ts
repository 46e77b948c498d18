import type { LiveStats } from '@timer-platform/callback-types';
import { useState } from 'react';
import { useLiveEvent, useLiveState } from '../../api/live.ts';

/** The last figures that came by themselves; null while none come. */
export function useLiveStats(): LiveStats | null {
  const [stats, setStats] = useState<LiveStats | null>(null);
  useLiveEvent<LiveStats>('stats', setStats);
  return useLiveState() === 'live' ? stats : null;
}
