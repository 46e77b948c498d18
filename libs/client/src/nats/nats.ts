export { consume } from './consume.ts';
export type {
  CallbackSubscription,
  ConsumeOptions,
  NatsHandlerOptions,
  SubscribeOptions,
} from './nats-options.ts';
export type {
  NatsConnection,
  NatsMessage,
  NatsSubscription,
  StreamConsumer,
  StreamMessage,
  StreamMessages,
} from './nats-types.ts';
export { subscribe } from './subscribe.ts';
