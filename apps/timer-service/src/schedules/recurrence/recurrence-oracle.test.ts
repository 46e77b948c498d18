import { describe, expect, test } from '@jest/globals';
import { Cron } from 'croner';
import { compileRecurrence } from './compile-recurrence.ts';
import {
  changesOf,
  oracleOccurrences,
  type OraclePattern,
  oraclePattern,
  type OracleWindow,
  temporalInstant,
  type ZoneHistory,
  zoneHistory,
} from './testing/temporal-oracle.ts';
import { findTimeZone } from './time-zones.ts';

const FROM = Date.UTC(2015, 11, 1);
const TO = Date.UTC(2027, 0, 1);
/** Apia skipped a day. */
const FROM_IN_APIA = Date.UTC(2011, 6, 1);
const HOUR = 3_600_000;

const ZONES = [
  'Africa/Cairo', // without and with clock changes, again from 2023
  'Africa/Casablanca', // back for Ramadan
  'Africa/Juba', // changed its offset in 2021
  'America/Asuncion', // keeps summer time from 2024
  'America/Caracas', // half an hour in 2016
  'America/Havana', // at midnight
  'America/New_York',
  'America/Nuuk', // changed its offset and its rules in 2023
  'America/Sao_Paulo', // at midnight until 2019
  'America/Scoresbysund', // changed its offset and its rules in 2024
  'America/St_Johns', // an offset of a half hour; one minute after midnight until 2011
  'Antarctica/Casey', // three hours
  'Antarctica/Troll', // two hours
  'Asia/Amman', // keeps summer time from 2022
  'Asia/Beirut', // at midnight
  'Asia/Gaza', // irregular rules
  'Asia/Kathmandu', // an offset of three quarters of an hour
  'Asia/Pyongyang', // half an hour, to the end of a day, in 2018
  'Asia/Tehran', // at midnight until 2022
  'Australia/Lord_Howe', // half an hour
  'Europe/Berlin',
  'Europe/Dublin', // negative summer time
  'Europe/Istanbul', // kept summer time in 2016
  'Pacific/Apia', // skipped a day in 2011
  'Pacific/Chatham', // three quarters of an hour, at 02:45
  'Pacific/Easter',
  'Pacific/Norfolk', // began clock changes in 2019
  'UTC',
];

const BY_SECONDS = ['* * * * * *', '*/7 * * * * *', '0,30 * * * * *', '10-12 */5 * * * *'];
const BY_QUARTER_MINUTES = ['15,45 30 0-3 * * *'];
const BY_MINUTES = ['* * * * *', '*/5 * * * *', '*/17 * * * *', '0,30 0-3 * * *'];
const BY_HOURS = [
  '0 * * * *',
  '30 */2 * * *',
  '*/15 2 * * *',
  '15 0,1,2,3,23 * * *',
  '0 0 * * *',
  '30 0 * * *',
  '30 1 * * *',
  '0 2 * * *',
  '30 2 * * *',
  '45 2 * * *',
  '0 3 * * *',
  '45 23 * * *',
  '0 9,12 * * *',
  '30 2 * * 0',
  '0 * 1-7 * 0',
];
const SPARSE = [
  '30 2 * * 0',
  '0 9 * * 1-5',
  '30 2 1 * *',
  '15 0 1,15 * 6',
  '30 1 31 * *',
  '45 23 29 2 *',
  '0 0 0 1 1 * 2016-2030/2',
];

type Next = (pattern: string, zone: string) => (afterMs: number) => number | undefined;

const ours: Next = (pattern, zone) => {
  const result = compileRecurrence({ cron: [pattern], timeZone: zone });
  if (!result.ok) throw new Error(JSON.stringify(result.issues));
  return (afterMs) => result.recurrence.next(afterMs);
};

const croner =
  (fixedTimeRule: 'no-wildcard' | 'single-value'): Next =>
  (pattern, timezone) => {
    const cron = new Cron(pattern, { timezone, fixedTimeRule });
    return (afterMs) => cron.nextRun(new Date(afterMs))?.getTime();
  };

interface Tally {
  checks: number;
  readonly differences: string[];
}

/** Compares every occurrence of a window: from the one before it, and from an instant shortly before it. */
function compareWindow(
  createNext: Next,
  history: ZoneHistory,
  pattern: OraclePattern,
  window: OracleWindow,
  tally: Tally,
): void {
  const { fromMs, toMs } = window;
  const label = `${history.zone} '${pattern.text}'`;
  const next = createNext(pattern.text, history.zone);
  const expected = oracleOccurrences(history, pattern, window);
  for (const [index, at] of expected.entries()) {
    const before = expected[index - 1];
    for (const after of [before ?? at - 1, at - 1]) {
      const found = next(after);
      tally.checks += 1;
      if (found !== at) tally.differences.push(`${label} after ${after}: ${String(found)} instead of ${at}`);
    }
  }
  const last = expected.at(-1) ?? fromMs - 1;
  const following = next(last);
  tally.checks += 1;
  if (following !== undefined && following <= toMs)
    tally.differences.push(`${label} after ${last}: ${following}, which is no occurrence`);
}

interface Around {
  readonly patterns: readonly string[];
  readonly hours: number;
  readonly stepMs: number;
}

const AROUND_CHANGES: readonly Around[] = [
  { patterns: BY_SECONDS, hours: 0.05, stepMs: 1_000 },
  { patterns: BY_QUARTER_MINUTES, hours: 4, stepMs: 15_000 },
  { patterns: BY_MINUTES, hours: 4, stepMs: 60_000 },
  { patterns: BY_HOURS, hours: 27, stepMs: 900_000 },
];

/** Compares around every clock change of the history. */
function compareChanges(createNext: Next, history: ZoneHistory, around = AROUND_CHANGES): Tally {
  const tally: Tally = { checks: 0, differences: [] };
  for (const change of changesOf(history))
    for (const { patterns, hours, stepMs } of around)
      for (const pattern of patterns.map(oraclePattern)) {
        const window = { fromMs: change - hours * HOUR, toMs: change + hours * HOUR, stepMs };
        compareWindow(createNext, history, pattern, window, tally);
      }
  return tally;
}

/** Compares over ten years. All these patterns occur at quarters of an hour. */
function compareYears(createNext: Next, history: ZoneHistory): Tally {
  const tally: Tally = { checks: 0, differences: [] };
  const window = { fromMs: Date.UTC(2016, 0, 1), toMs: Date.UTC(2026, 0, 1), stepMs: 900_000 };
  for (const pattern of SPARSE.map(oraclePattern)) compareWindow(createNext, history, pattern, window, tally);
  return tally;
}

function sum(tallies: readonly Tally[]): Tally {
  return {
    checks: tallies.reduce((total, { checks }) => total + checks, 0),
    differences: tallies.flatMap(({ differences }) => differences),
  };
}

const historyOf = (zone: string) => zoneHistory(zone, zone === 'Pacific/Apia' ? FROM_IN_APIA : FROM, TO);
const histories = ZONES.map(historyOf);

describe('compared with Temporal', () => {
  test('a time zone has the clock changes, and local times the instants', () => {
    const differences: string[] = [];
    let checks = 0;
    for (const { zone, segments } of histories) {
      const timeZone = findTimeZone(zone);
      for (const [index, { fromMs, offset }] of segments.entries()) {
        const before = segments[index - 1]?.offset;
        if (before === undefined) continue;
        const change = timeZone?.changeBetween(fromMs - HOUR, fromMs + HOUR);
        checks += 1;
        if (change?.atMs !== fromMs || change.offsetBefore !== before || change.offsetAfter !== offset)
          differences.push(`${zone} ${new Date(fromMs).toISOString()}`);
        const [low, high] = [fromMs + Math.min(before, offset), fromMs + Math.max(before, offset)];
        for (const local of [low - 1_000, low, (low + high) / 2, high - 1_000, high]) {
          const expected = temporalInstant(zone, local);
          const found = timeZone?.resolve(local);
          checks += 1;
          if (found?.atMs !== expected.atMs || (found.effect ?? 'one') !== expected.kind)
            differences.push(`${zone} ${new Date(local).toISOString()}`);
        }
      }
    }
    expect(differences).toEqual([]);
    expect(checks).toBeGreaterThan(2_500);
  });

  test('every occurrence around every clock change is found, from each second to each week', () => {
    const { checks, differences } = sum(histories.map((history) => compareChanges(ours, history)));
    expect(differences).toEqual([]);
    expect(checks).toBeGreaterThan(1_000_000);
  });

  test('every occurrence of ten years is found, from each working day to every other year', () => {
    const zones = [
      'Africa/Casablanca',
      'America/Asuncion',
      'America/St_Johns',
      'Asia/Gaza',
      'Australia/Lord_Howe',
    ];
    const { checks, differences } = sum(zones.map((zone) => compareYears(ours, historyOf(zone))));
    expect(differences).toEqual([]);
    expect(checks).toBeGreaterThan(35_000);
  });

  test('a wrong rule is found: lists of times follow real time, or a skipped day has no occurrence', () => {
    const around = [{ patterns: ['30 2,14 * * *'], hours: 27, stepMs: 900_000 }];
    const berlin = historyOf('Europe/Berlin');
    expect(compareChanges(croner('no-wildcard'), berlin, around).differences).toEqual([]);
    expect(compareChanges(croner('single-value'), berlin, around).differences).not.toEqual([]);
    const apia = historyOf('Pacific/Apia');
    expect(compareChanges(croner('no-wildcard'), apia, around).differences).not.toEqual([]);
  });
});
