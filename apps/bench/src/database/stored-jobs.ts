/** Jobs that are inserted but not committed: the contender cannot see them yet. */
export interface StoredJobs {
  commit(): Promise<void>;
}
