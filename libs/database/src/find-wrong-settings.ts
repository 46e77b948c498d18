import { type Database, statement } from './connect.ts';
import { PINNED_SETTINGS } from './session-settings.ts';

const CURRENT = statement(
  'session-settings',
  'SELECT name, current_setting(name) AS value FROM unnest($1::text[]) AS name',
);

/** Lists the settings of a session that differ from those it needs, as `TimeZone is Asia/Tokyo, not UTC`. */
export async function findWrongSettings(db: Database): Promise<string[]> {
  const required = new Map(Object.entries({ ...PINNED_SETTINGS, client_encoding: 'UTF8' }));
  const rows = await db.rows<{ name: string; value: string }>(CURRENT, [[...required.keys()]]);
  return rows.flatMap(({ name, value }) => {
    const wanted = required.get(name) ?? '';
    // DateStyle also has the order of day and month in input: "ISO, MDY".
    return value === wanted || (name === 'DateStyle' && value.startsWith(`${wanted},`))
      ? []
      : [`${name} is ${value}, not ${wanted}`];
  });
}
