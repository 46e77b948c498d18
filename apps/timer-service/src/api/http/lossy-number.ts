import type { JsonIssue } from '@timer-platform/callback-types';
import { turnTaker } from '@timer-platform/database';

/** Characters of a number: more than the longest double has with all its digits. */
const MAX_NUMBER_LENGTH = 400;
/** A double keeps every number of so many characters without an exponent. */
const EXACT_LENGTH = 15;
/** Characters that are read in one turn of the event loop, at least. */
const CHUNK = 65_536;

const QUOTE = 0x22;
const COMMA = 0x2c;
const MINUS = 0x2d;
const ZERO = 0x30;
const NINE = 0x39;
const COLON = 0x3a;
const OPENING_BRACKET = 0x5b;
const BACKSLASH = 0x5c;
const CLOSING_BRACKET = 0x5d;
const OPENING_BRACE = 0x7b;
const CLOSING_BRACE = 0x7d;

/** A container around the current position: the index in an array, or where the last name in an object is. */
type Frame = { index: number } | { nameStart: number; nameEnd: number };

/** Sign, significant digits and power of ten: equal for equal numbers. */
function normalize(number: string): string {
  const [mantissa = '', exponent = '0'] = number.toLowerCase().split('e');
  const [whole = '', fraction = ''] = mantissa.replace('-', '').split('.');
  const digits = (whole + fraction).replace(/^0+/, '');
  const significant = digits.replace(/0+$/, '');
  if (significant === '') return '0';
  const power = Number(exponent) - fraction.length + digits.length - significant.length;
  return `${mantissa.startsWith('-') ? '-' : ''}${significant}e${power}`;
}

function issueOf(number: string): string | undefined {
  if (number.length > MAX_NUMBER_LENGTH)
    return `is a number of more than ${MAX_NUMBER_LENGTH} characters: send it as a string`;
  const value = Number(number);
  if (!Number.isFinite(value)) return 'is too large for a double-precision number: send it as a string';
  const kept = String(value);
  return normalize(kept) === normalize(number) ? undefined : `would become ${kept}: send it as a string`;
}

/** Returns the index of the quote that ends the string whose first character is at `start`. */
function endOfString(text: string, start: number): number {
  for (let end = text.indexOf('"', start); ; end = text.indexOf('"', end + 1)) {
    if (end === -1) return text.length;
    let backslashes = 0;
    while (text.charCodeAt(end - 1 - backslashes) === BACKSLASH) backslashes += 1;
    if (backslashes % 2 === 0) return end;
  }
}

function isNumberPart(code: number): boolean {
  // Digits, and + - . E e
  return (
    (code >= ZERO && code <= NINE) ||
    code === 0x2b ||
    code === MINUS ||
    code === 0x2e ||
    (code | 0x20) === 0x65
  );
}

function pathOf(text: string, frames: readonly Frame[]): (string | number)[] {
  return frames.map((frame) => {
    if ('index' in frame) return frame.index;
    const name: unknown = JSON.parse(text.slice(frame.nameStart - 1, frame.nameEnd + 1));
    return String(name);
  });
}

/**
 * Finds the first number in valid JSON text that JSON.parse would change: with more digits than a double keeps, or too
 * large for one. 1.0 and 1e2 are no issue: 1 and 100 are the same numbers.
 */
export async function findLossyNumber(text: string): Promise<JsonIssue | undefined> {
  const endTurn = turnTaker();
  const frames: Frame[] = [];
  let chunkEnd = CHUNK;
  let name = { nameStart: 0, nameEnd: 0 };
  for (let at = 0; at < text.length; at += 1) {
    if (at >= chunkEnd) {
      chunkEnd = at + CHUNK;
      const pause = endTurn();
      if (pause !== undefined) await pause;
    }
    const code = text.charCodeAt(at);
    if (code === QUOTE) {
      name = { nameStart: at + 1, nameEnd: endOfString(text, at + 1) };
      at = name.nameEnd;
    } else if (code === COLON) {
      frames[frames.length - 1] = name;
    } else if (code === COMMA) {
      const frame = frames.at(-1);
      if (frame !== undefined && 'index' in frame) frame.index += 1;
    } else if (code === OPENING_BRACKET) {
      frames.push({ index: 0 });
    } else if (code === OPENING_BRACE) {
      frames.push(name);
    } else if (code === CLOSING_BRACKET || code === CLOSING_BRACE) {
      frames.pop();
    } else if (code === MINUS || (code >= ZERO && code <= NINE)) {
      const start = at;
      while (isNumberPart(text.charCodeAt(at + 1))) at += 1;
      const number = text.slice(start, at + 1);
      if (number.length <= EXACT_LENGTH && !/e/i.test(number)) continue;
      const message = issueOf(number);
      if (message !== undefined) return { path: pathOf(text, frames), message };
    }
  }
  return undefined;
}
