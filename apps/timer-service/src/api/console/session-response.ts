import type { Role } from '../auth/api-key.ts';

/** `data` of the responses to `POST` and `GET …/api/session`. */
export interface SessionData {
  /** The name of the API key. */
  readonly name: string;
  readonly role: Role;
  /** RFC 3339. */
  readonly expires_at: string;
  readonly mode: 'production' | 'development';
  /** Whether the service records callbacks to itself at `/inspector`. */
  readonly inspector: boolean;
  /** The version of the service. */
  readonly version: string;
}
