export type { Callback } from './callback-selector.ts';
export type { Delivery, DeliveryResult } from './delivery.ts';
export { ExpectationError, type ExpectedTimer } from './expectation.ts';
export type { Instant } from './parse-instant.ts';
export type { ScheduledTimer } from './protocol.ts';
export type { FixedResponse, Response, ResponseFunction } from './response-script.ts';
export { startTestKit, type TestKit, type TestKitOptions } from './test-kit.ts';
