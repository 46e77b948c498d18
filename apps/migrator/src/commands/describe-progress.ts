import { type BlockingSession, describeSession, type FileProgress } from '@timer-platform/migrations';

/** What both `migrate` and `down` report while they work. */
export type SharedProgress =
  { readonly kind: 'waiting'; readonly holder: BlockingSession | undefined } | FileProgress;

export function describeProgress(progress: SharedProgress): string {
  switch (progress.kind) {
    case 'waiting': {
      const holder = progress.holder === undefined ? '' : ` (${describeSession(progress.holder)})`;
      return `waiting for another migrator${holder}`;
    }
    case 'blocked': {
      const { number, blockers } = progress.failed;
      const who = blockers.map(describeSession).join('; ') || 'a session that has ended since';
      return `${progress.file.fileName}: try ${number} got no lock, blocked by: ${who}`;
    }
    case 'leftover-index-dropped':
      return `${progress.file.fileName}: dropped the index ${progress.index} of an interrupted run`;
  }
}
