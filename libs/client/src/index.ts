export {
  type AnyCallback,
  type CallbackDefinition,
  defineCallback,
  type PayloadOf,
  type ReceivedPayload,
} from './callbacks/define-callback.ts';
export type {
  Destination,
  DestinationOverrides,
  HttpDestination,
  NatsDestination,
} from './callbacks/destination.ts';
export { PayloadError, type PayloadIssue } from './callbacks/payload-error.ts';
export type { InputOf, OutputOf, StandardSchema } from './callbacks/standard-schema.ts';
export { natsSubject } from '@timer-platform/callback-types';
