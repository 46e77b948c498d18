import type { StandardIssue } from './standard-schema.ts';

/** One invalid value in a payload. */
export interface PayloadIssue {
  /** Such as `items.0.price`; empty if the payload as a whole is invalid. */
  readonly path: string;
  readonly message: string;
}

/** The payload of a callback does not match its schema. Thrown to the sender, and to `onError` of a receiver. */
export class PayloadError extends Error {
  override readonly name = 'PayloadError';
  /** The name of the callback. */
  readonly callback: string;
  /** At least one. Their messages come from the schema library and may contain values of the payload. */
  readonly issues: readonly PayloadIssue[];

  constructor(callback: string, issues: readonly PayloadIssue[]) {
    super(`The payload of callback "${callback}" is invalid: ${describe(issues)}`);
    this.callback = callback;
    this.issues = issues;
  }
}

const MAX_DESCRIBED = 3;

function describe(issues: readonly PayloadIssue[]): string {
  const described = issues
    .slice(0, MAX_DESCRIBED)
    .map(({ path, message }) => (path === '' ? message : `${path}: ${message}`))
    .join('; ');
  const more = issues.length - MAX_DESCRIBED;
  return more > 0 ? `${described} (and ${more} more)` : described;
}

/** The issue of a schema library, with its path as text. */
export function payloadIssue({ message, path = [] }: StandardIssue): PayloadIssue {
  const keys = path.map((segment) => (typeof segment === 'object' ? segment.key : segment));
  return { path: keys.map(String).join('.'), message };
}
