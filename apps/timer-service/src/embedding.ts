export type { Clock } from './clock.ts';
export { type Config, readConfig } from './config.ts';
export type { DispatchObserver } from './dispatch/observer.ts';
export { createLogger } from './observability/logger.ts';
export { type Service, type ServiceOptions, startService } from './service.ts';
export type { Timeline } from './timeline.ts';
