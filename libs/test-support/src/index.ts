export { bundleProgram } from './bundle-program.ts';
export { dnsResponse, parseDnsQuestion } from './dns-message.ts';
export { findOptionalProgram, findProgram } from './find-program.ts';
export { type NameServer, type NameServerBehavior, startNameServer } from './name-server.ts';
export { type NatsServer, type NatsServerOptions, startNatsServer } from './nats-server.ts';
export {
  type ReceivedRequest,
  type Receiver,
  type ReceiverResponse,
  type RequestHandler,
  startReceiver,
} from './receiver.ts';
export { type PsqlResult, runPsql } from './run-psql.ts';
export { type ScheduleColumns, scheduleFactory } from './schedule-factory.ts';
export { createTestDatabase, type TestDatabase, type TestDatabaseOptions } from './test-database.ts';
export { startTestServer, TEST_SERVER_VARIABLE, type TestServer } from './test-server.ts';
export { type TimerColumns, timerFactory } from './timer-factory.ts';
export {
  spawnTimerService,
  startTimerService,
  type TimerServiceOptions,
  type TimerServiceProcess,
} from './timer-service.ts';
export { findFreePort } from '@timer-platform/embedded-postgres';
