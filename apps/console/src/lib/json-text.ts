/** JSON that was typed. */
export type JsonText =
  { readonly ok: true; readonly value: unknown } | { readonly ok: false; readonly problem: string };

/** Strings, and numbers outside of them. */
const TOKEN = /"(?:[^"\\]|\\.)*"|-?\d+(?:\.\d+)?(?:[eE][+-]?\d+)?/g;
/** A double keeps every number of so many characters without an exponent. */
const EXACT_LENGTH = 15;

/** Reads JSON that was typed. Refuses numbers that would lose digits, as the service does, instead of changing them. */
export function parseJsonText(text: string): JsonText {
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch (error) {
    return { ok: false, problem: `is no JSON: ${error instanceof Error ? error.message : String(error)}` };
  }
  for (const [token] of text.matchAll(TOKEN))
    if (!token.startsWith('"') && losesDigits(token))
      return {
        ok: false,
        problem: `the number ${token.slice(0, 40)} would lose digits: write it as a text, in quotes`,
      };
  return { ok: true, value };
}

function losesDigits(number: string): boolean {
  if (number.length <= EXACT_LENGTH && !/e/i.test(number)) return false;
  const value = Number(number);
  return !Number.isFinite(value) || normalize(String(value)) !== normalize(number);
}

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

/** JSON for people to read and change. */
export function formatJson(value: unknown): string {
  return JSON.stringify(value, null, 2);
}
