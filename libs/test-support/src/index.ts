export { findFreePort } from '@timer-platform/embedded-postgres';
export { findProgram } from './find-program.ts';
export { startNatsServer, type NatsServer, type NatsServerOptions } from './nats-server.ts';
export {
  startReceiver,
  type ReceiverResponse,
  type ReceivedRequest,
  type Receiver,
  type RequestHandler,
} from './receiver.ts';
export { runPsql, type PsqlResult } from './run-psql.ts';
export { createTestDatabase, type TestDatabase, type TestDatabaseOptions } from './test-database.ts';
