import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
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

  test('lists problems with proxies, key files and key names', () => {
    const directory = mkdtempSync(path.join(tmpdir(), 'timer-config-'));
    const file = path.join(directory, 'keys.json');
    const key = 'hunter2'.repeat(8);
    const named = (...names: string[]) => JSON.stringify(names.map((name) => ({ name, role: 'read', key })));
    const issues = (env: Readonly<Record<string, string>>) => issuesOf({ ...PRODUCTION, ...env });
    try {
      expect(
        issues({
          TRUSTED_PROXIES: '10.0.0.0/8, proxy.internal, 10.0.0.0/33, ::1, 0.0.0.0/0',
          API_KEYS_FILE: path.join(directory, 'missing.json'),
          API_KEYS: named('default'),
          RATE_LIMIT_PER_SECOND: ' ',
          MAX_IN_FLIGHT: '\t',
        }).toSorted(),
      ).toEqual([
        'API_KEYS has a key with the name default, as API_KEY has: names must be unique',
        'API_KEYS_FILE cannot be read: ENOENT',
        'MAX_IN_FLIGHT must be a whole number',
        'RATE_LIMIT_PER_SECOND must be a whole number',
        ...['0.0.0.0/0', '10.0.0.0/33', 'proxy.internal'].map((item) =>
          expect.stringContaining(`TRUSTED_PROXIES has the item ${item}, which is not`),
        ),
      ]);
      expect(issues({ API_KEYS: named('default') })).toEqual([
        'API_KEYS has a key with the name default, as API_KEY has: names must be unique',
      ]);
      writeFileSync(file, named('default', 'billing'));
      expect(issues({ API_KEYS_FILE: file, API_KEYS: named('billing') })).toEqual([
        'API_KEYS_FILE has a key with the name default, as API_KEY has: names must be unique',
        'API_KEYS_FILE has a key with the name billing, as API_KEYS has: names must be unique',
      ]);
      writeFileSync(file, '[{"name": "a b", "role": "owner", "key": "hunter2"}]');
      expect(issues({ API_KEYS_FILE: file })).toEqual([
        expect.stringMatching(/^API_KEYS_FILE has an issue at 0.name: must be 1 to 64/),
        'API_KEYS_FILE has an issue at 0.role: must be read, write or admin',
        'API_KEYS_FILE has an issue at 0.key: must have at least 32 characters',
      ]);
      writeFileSync(file, 'hunter2');
      expect(issues({ API_KEYS_FILE: file })).toEqual([
        expect.stringMatching(/^API_KEYS_FILE has content that must be JSON/),
      ]);
    } finally {
      rmSync(directory, { recursive: true });
    }
  });

  test('accepts a key with a line break at its end, and none that a header cannot carry', () => {
    const key = 'k'.repeat(32);
    expect(readConfig({ ...PRODUCTION, API_KEY: `${key}\n` }).api.apiKey).toBe(key);
    expect(issuesOf({ ...PRODUCTION, API_KEY: `${'k'.repeat(31)} \n` })).toEqual([
      'API_KEY must have at least 32 characters',
    ]);
    expect(issuesOf({ ...PRODUCTION, API_KEY: `${key}ü` })).toEqual([
      'API_KEY must contain only visible ASCII characters and spaces',
    ]);
    expect(issuesOf({ ...PRODUCTION, API_KEY: `${key}\n${key}` })).toEqual([
      'API_KEY must contain only visible ASCII characters and spaces',
    ]);
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
