import type { EngineEnvironment } from './kit-engine.ts';

/** What the engine takes from the environment: where programs are. */
export function engineEnvironment(): EngineEnvironment {
  const { env } = process;
  return { natsServer: env['NATS_SERVER_BIN'], searchPath: env['PATH'] ?? '' };
}
