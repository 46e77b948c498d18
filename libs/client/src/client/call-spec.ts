import type { CallOptions, CreateOptions } from './options.ts';
import type { Shape } from './response-shapes.ts';

/** A call as the methods of the client state it. */
export interface CallSpec<Data> {
  readonly method: string;
  readonly path: string;
  readonly query?: string;
  readonly body?: unknown;
  readonly shape: Shape<Data>;
  readonly headers?: Readonly<Record<string, string>>;
  /** Whether the request may change something: by default unless the method is GET. */
  readonly writes?: boolean;
}

/** Sends the request of a call until it ends. */
export type SendCall = <Data>(spec: CallSpec<Data>, options: CallOptions) => Promise<Data>;

/** Returns the header that identifies a call over its tries. `label` names the call in errors. */
export type IdentifyCall = (label: string, options: CreateOptions) => { 'idempotency-key': string };
