import { readFileSync } from 'node:fs';
import { describe, expect, test } from '@jest/globals';
import { ConfigError, readConfig } from './config.ts';

const PRODUCTION = { DATABASE_URL: 'postgres://u:p4ssw0rd@db/timers', API_KEY: 'k'.repeat(32) };

function faultsOf(env: Readonly<Record<string, string>>): readonly string[] {
  try {
    readConfig(env);
  } catch (error) {
    if (error instanceof ConfigError) return error.faults;
    throw error;
  }
  return [];
}

describe('readConfig', () => {
  test('needs a database and a key in production, and nothing in development', () => {
    expect(faultsOf({})).toEqual([
      expect.stringMatching(/^DATABASE_URL must be set/),
      expect.stringMatching(/^API_KEY must be set/),
    ]);
    expect(readConfig({ TIMER_MODE: 'development' }).database).toEqual({ kind: 'embedded' });
    expect(readConfig(PRODUCTION)).toMatchObject({ mode: 'production', api: { port: 8_080 } });
  });

  test('lists every fault at once, by the name of its variable and without its value', () => {
    const faults = faultsOf({
      ...PRODUCTION,
      API_KEY: 'too-short-secret',
      PORT: '70000',
      LOG_LEVEL: 'loud',
      LOOK_AHEAD_MS: '1.5',
      HEADER_ENCRYPTION_KEYS: 'a:hunter2',
      MAX_IN_FLIGHT: 'many',
      DATABASE_URL: 'mysql://u:p4ssw0rd@db/timers',
    });
    const names = faults.map((fault) => fault.split(' ')[0]);
    expect(names.toSorted()).toEqual([
      'API_KEY',
      'DATABASE_URL',
      'HEADER_ENCRYPTION_KEYS',
      'LOG_LEVEL',
      'LOOK_AHEAD_MS',
      'MAX_IN_FLIGHT',
      'PORT',
    ]);
    expect(faults.join()).not.toMatch(/too-short-secret|p4ssw0rd|hunter2/);
  });

  test('a variable that is set to nothing counts as not set', () => {
    expect(readConfig({ ...PRODUCTION, PORT: '', LOG_LEVEL: '' })).toMatchObject({
      logLevel: 'info',
      api: { port: 8_080 },
    });
  });

  test('is frozen', () => {
    expect(Object.isFrozen(readConfig(PRODUCTION))).toBe(true);
  });

  test('.env.example names every setting, and its values are valid', () => {
    const example = readFileSync(new URL('../../../.env.example', import.meta.url), 'utf8');
    const env: Record<string, string> = {};
    for (const [, name = '', value = ''] of example.matchAll(/^([A-Z_]+)=(.*)$/gm)) env[name] = value;
    expect(faultsOf({ ...env, ...PRODUCTION })).toEqual([]);

    const sources = ['config.ts', 'maintenance/settings.ts', 'api/api-settings.ts', 'dispatch/settings.ts'];
    sources.push('transports/transport-settings.ts', 'transports/nats/nats-settings.ts');
    const named = sources.flatMap((file) => {
      const text = readFileSync(new URL(file, import.meta.url), 'utf8');
      return [...text.matchAll(/^ {4}([A-Z][A-Z_]+): /gm)].map(([, name]) => name);
    });
    const ofDatabase = ['DATABASE_URL', 'PG_HOST', 'PG_PORT', 'PG_USER', 'PG_PASSWORD', 'PG_DB_NAME'];
    expect(Object.keys(env).toSorted()).toEqual([...ofDatabase, ...named].toSorted());
  });
});
