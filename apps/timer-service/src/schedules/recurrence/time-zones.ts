import { TimeZone } from './time-zone.ts';

/**
 * Names of the IANA database without an area. `Intl` knows other short names, whose meaning it chooses: AST is
 * Alaska there.
 */
const WITHOUT_AREA = new Set(
  (
    'UTC GMT EST MST HST EST5EDT CST6CDT MST7MDT PST8PDT CET MET EET WET Cuba Egypt Eire GB GB-Eire GMT0 GMT+0 GMT-0 ' +
    'Greenwich Hongkong Iceland Iran Israel Jamaica Japan Kwajalein Libya NZ NZ-CHAT Navajo PRC Poland Portugal ROC ' +
    'ROK Singapore Turkey UCT Universal W-SU Zulu'
  )
    .toLowerCase()
    .split(' '),
);
const AREA_AND_LOCATION = /^[a-z]\w*(?:\/[\w+-]+){1,3}$/;
const MAX_NAME_LENGTH = 64;

const timeZones = new Map<string, TimeZone>();

function isIanaName(name: string): boolean {
  if (name.length > MAX_NAME_LENGTH || name.startsWith('systemv/')) return false;
  return WITHOUT_AREA.has(name) || AREA_AND_LOCATION.test(name);
}

function openTimeZone(name: string): TimeZone | undefined {
  try {
    return new TimeZone(name);
  } catch {
    return undefined;
  }
}

/** The time zone of an IANA name, in any case; undefined if the time zone data of the process does not have it. */
export function findTimeZone(name: string): TimeZone | undefined {
  const lowerCase = name.toLowerCase();
  const known = timeZones.get(lowerCase);
  if (known !== undefined || !isIanaName(lowerCase)) return known;
  const timeZone = openTimeZone(name);
  if (timeZone !== undefined) timeZones.set(lowerCase, timeZone);
  return timeZone;
}
