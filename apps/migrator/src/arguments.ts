import { InvalidArgumentError } from 'commander';

/** A migration number: 2 or 002. */
export function parseVersion(text: string): bigint {
  if (!/^\d{1,18}$/.test(text)) throw new InvalidArgumentError('a version is a number, for example 2');
  return BigInt(text);
}

export function parseSeconds(text: string): number {
  const seconds = Number(text);
  if (!/^\d+(?:\.\d+)?$/.test(text) || seconds > 86_400) {
    throw new InvalidArgumentError('give seconds from 0 to 86400, for example 30');
  }
  return seconds;
}

export function parseCount(text: string): number {
  const count = Number(text);
  if (!/^\d+$/.test(text) || !Number.isSafeInteger(count)) {
    throw new InvalidArgumentError('give a whole number, for example 50000');
  }
  return count;
}
