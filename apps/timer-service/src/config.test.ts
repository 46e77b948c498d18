import { readFileSync } from 'node:fs';
import { describe, expect, test } from '@jest/globals';
import { ConfigError, readConfig } from './config.ts';

const PRODUCTION = { DATABASE_URL: 'postgres://u:p4ssw0rd@db/timers', API_KEY: 'k'.repeat(32) };

function issuesOf(env: Readonly<Record<string, string>>): readonly string[] {
  try {
    readConfig(env);
  } catch (error) {
    if (error instanceof ConfigError) return error.issues;
    throw error;
  }
  return [];
}

describe('readConfig', () => {
  test('requires a database and an API key in production, and nothing in development', () => {
    expect(issuesOf({})).toEqual([
      expect.stringMatching(/^DATABASE_URL must be set/),
      expect.stringMatching(/^API_KEY must be set/),
    ]);
    expect(readConfig({ TIMER_MODE: 'development' }).database).toEqual({ kind: 'embedded' });
    expect(readConfig(PRODUCTION)).toMatchObject({ mode: 'production', api: { port: 8_080 } });
  });

  test('lists every issue at once, with the name of the variable and without its value', () => {
    const issues = issuesOf({
      ...PRODUCTION,
      API_KEY: 'too-short-secret',
      PORT: '70000',
      LOG_LEVEL: 'loud',
      LOOK_AHEAD_MS: '1.5',
      HEADER_ENCRYPTION_KEYS: 'a:hunter2',
      MAX_IN_FLIGHT: 'many',
      DATABASE_URL: 'mysql://u:p4ssw0rd@db/timers',
    });
    const names = issues.map((issue) => issue.split(' ')[0]);
    expect(names.toSorted()).toEqual([
      'API_KEY',
      'DATABASE_URL',
      'HEADER_ENCRYPTION_KEYS',
      'LOG_LEVEL',
      'LOOK_AHEAD_MS',
      'MAX_IN_FLIGHT',
      'PORT',
    ]);
    expect(issues.join()).not.toMatch(/too-short-secret|p4ssw0rd|hunter2/);
  });

  test('treats an empty variable as unset', () => {
    expect(readConfig({ ...PRODUCTION, PORT: '', LOG_LEVEL: '' })).toMatchObject({
      logLevel: 'info',
      api: { port: 8_080 },
    });
  });

  test('returns a frozen object', () => {
    expect(Object.isFrozen(readConfig(PRODUCTION))).toBe(true);
  });

  test('accepts .env.example, which lists every setting', () => {
    const example = readFileSync(new URL('../../../.env.example', import.meta.url), 'utf8');
    const env: Record<string, string> = {};
    for (const [, name = '', value = ''] of example.matchAll(/^([A-Z_]+)=(.*)$/gm)) env[name] = value;
    expect(issuesOf({ ...env, ...PRODUCTION })).toEqual([]);

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
