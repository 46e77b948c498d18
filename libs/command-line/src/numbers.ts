import { InvalidArgumentError } from 'commander';

function parseInteger(text: string): number | undefined {
  const value = Number(text);
  return /^\d+$/.test(text) && Number.isSafeInteger(value) ? value : undefined;
}

/**
 * Parses an option value of decimal digits.
 * @throws InvalidArgumentError for any other text and for numbers above 2^53 - 1
 */
export function parseNonNegativeInteger(text: string): number {
  const value = parseInteger(text);
  if (value === undefined) throw new InvalidArgumentError('Use a whole number, for example 50000.');
  return value;
}

/**
 * Parses an option value of decimal digits.
 * @throws InvalidArgumentError for any other text, for 0 and for numbers above 2^53 - 1
 */
export function parsePositiveInteger(text: string): number {
  const value = parseInteger(text);
  if (value === undefined || value === 0)
    throw new InvalidArgumentError('Use a whole number above 0, for example 50000.');
  return value;
}
