import { describe, expect, test } from '@jest/globals';
import pg from 'pg';
import { databaseSettings, DatabaseSettingsError, maskDatabaseUrl } from './database-settings.ts';

function variablesWithIssues(env: Record<string, string | undefined>): readonly string[] {
  try {
    databaseSettings(env);
  } catch (error) {
    if (!(error instanceof DatabaseSettingsError)) throw error;
    expect(error.message.split('\n')).toHaveLength(error.issues.length);
    return error.issues.map(({ variable }) => variable);
  }
  throw new Error('the settings were accepted');
}

function urlOf(env: Record<string, string | undefined>): string {
  const settings = databaseSettings(env);
  if (settings.kind !== 'url') throw new Error('the settings select the embedded server');
  return settings.url;
}

const parts = { PG_HOST: 'db.example', PG_USER: 'timer', PG_DB_NAME: 'timers' };

describe('databaseSettings', () => {
  test('selects the embedded server if all variables are unset or empty', () => {
    expect(databaseSettings({})).toEqual({ kind: 'embedded' });
    expect(databaseSettings({ DATABASE_URL: '', PG_HOST: '', PG_PORT: '' })).toEqual({ kind: 'embedded' });
  });

  test('returns DATABASE_URL unchanged, and prefers it to the PG_ variables', () => {
    const url = 'postgresql://a:b@127.0.0.1:5433/c?sslmode=disable';
    expect(databaseSettings({ DATABASE_URL: url, PG_HOST: 'elsewhere' })).toEqual({ kind: 'url', url });
    expect(databaseSettings({ DATABASE_URL: 'postgres:///c?host=/run/postgresql' })).toMatchObject({
      kind: 'url',
    });
  });

  test('builds a URL from the PG_ variables, with 5432 as the default port', () => {
    expect(urlOf(parts)).toBe('postgres://timer@db.example:5432/timers');
  });

  test.each([
    ['db.example', 'us:er@x', 'p@ss/w:o?r#d% ü', 'ti mers/x%', '6543'],
    ['::1', 'timer', '', 'timers', '5432'],
    ['/run/postgresql', 'timer', 'secret', 'timers', '5433'],
  ])(
    'builds a URL that node-postgres parses to the same values: %s %s %s %s %s',
    (host, user, password, database, port) => {
      const url = urlOf({
        PG_HOST: host,
        PG_USER: user,
        PG_PASSWORD: password,
        PG_DB_NAME: database,
        PG_PORT: port,
      });
      const client = new pg.Client({ connectionString: url });
      expect([client.host, client.user, client.password ?? '', client.database, String(client.port)]).toEqual(
        [host, user, password, database, port],
      );
    },
  );

  test('lists every issue', () => {
    expect(variablesWithIssues({ PG_PORT: '70000' })).toEqual([
      'PG_HOST',
      'PG_USER',
      'PG_DB_NAME',
      'PG_PORT',
    ]);
    expect(variablesWithIssues({ ...parts, PG_PORT: '5432x' })).toEqual(['PG_PORT']);
    expect(variablesWithIssues({ ...parts, PG_PORT: '0' })).toEqual(['PG_PORT']);
    expect(variablesWithIssues({ ...parts, PG_HOST: 'a/b' })).toEqual(['PG_HOST']);
    expect(variablesWithIssues({ ...parts, PG_HOST: 'user@host' })).toEqual(['PG_HOST']);
    expect(variablesWithIssues({ ...parts, PG_DB_NAME: 'a?b' })).toEqual(['PG_DB_NAME']);
  });

  test.each([
    '127.0.0.1:5432/x',
    'mysql://root:hunter2@h/d',
    'postgres://u:hunter2@h:port/d',
    'postgres:///d',
  ])('rejects %s without repeating it', (url) => {
    expect(variablesWithIssues({ DATABASE_URL: url })).toEqual(['DATABASE_URL']);
    expect(() => databaseSettings({ DATABASE_URL: url })).not.toThrow(/hunter2/);
  });
});

describe('maskDatabaseUrl', () => {
  test.each([
    ['postgres://u:hunter2@h:1/d', 'postgres://u:***@h:1/d'],
    ['postgres://u@h/d', 'postgres://u@h/d'],
    ['postgres://h/d?user=u&password=hunter2', 'postgres://h/d?user=u&password=***'],
    ['hunter2', '(not a valid URL)'],
  ])('masks %s as %s', (url, masked) => {
    expect(maskDatabaseUrl(url)).toBe(masked);
  });
});
