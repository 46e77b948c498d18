/** Jobs that are written but not committed: nobody can see them yet, and committing is one short step. */
export interface StoredJobs {
  commit(): Promise<void>;
}
