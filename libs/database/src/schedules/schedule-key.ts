/** A key that a client has given to a schedule. Clients have separate keys. */
export interface ScheduleKey {
  /** The name of the API key. */
  readonly client: string;
  readonly key: string;
}
