/** SQL that gives a database a clock that a test moves: now() and clock_timestamp() of sessions with its search path. */
export const MOVABLE_CLOCK = `
CREATE SCHEMA movable;
CREATE TABLE movable.clock (instant timestamptz NOT NULL);
INSERT INTO movable.clock VALUES ('2030-01-01');
CREATE FUNCTION movable.now() RETURNS timestamptz LANGUAGE sql STABLE AS 'SELECT instant FROM movable.clock';
CREATE FUNCTION movable.clock_timestamp() RETURNS timestamptz LANGUAGE sql STABLE AS 'SELECT instant FROM movable.clock';
ALTER TABLE timers ALTER COLUMN created_at SET DEFAULT movable.now();
ALTER TABLE schedules ALTER COLUMN failures_from SET DEFAULT movable.now();
ALTER FUNCTION withdraw_occurrences(uuid, timestamptz) SET search_path = movable, public, pg_catalog;`;

/** The URL of a session in which the movable clock is the clock. */
export function onMovableClock(url: string): string {
  const moved = new URL(url);
  moved.searchParams.set('options', '-c search_path=movable,public,pg_catalog');
  return moved.href;
}
