/** JavaScript prints a number with an exponent from 1e21 and below 1e-6. */
const EXPONENT = /^(-?)(\d+)(?:\.(\d+))?e([+-]\d+)$/;

/** The characters that PostgreSQL prints for a number beyond those of JavaScript: it prints all digits. */
function growthOfNumber(number: number): number {
  const magnitude = Math.abs(number);
  if (magnitude === 0 || (magnitude >= 1e-6 && magnitude < 1e21)) return 0;
  const text = String(number);
  const [, sign = '', whole = '', fraction = '', exponent = '0'] = EXPONENT.exec(text) ?? [];
  const shift = Number(exponent);
  // 1.5e+300 becomes 301 digits; 1.5e-300 becomes "0." and 301 digits.
  const printed =
    shift >= 0
      ? sign.length + whole.length + shift
      : sign.length + '0.'.length + -shift - 1 + whole.length + fraction.length;
  return printed - text.length;
}

/** How many bytes longer than JSON.stringify PostgreSQL prints a JSON value: spaces after commas and colons, all digits. */
export function printedGrowth(value: unknown): number {
  if (typeof value === 'number') return growthOfNumber(value);
  if (typeof value !== 'object' || value === null) return 0;
  let growth = 0;
  if (Array.isArray(value)) {
    const items: readonly unknown[] = value;
    growth += Math.max(0, items.length - 1);
    for (const item of items) growth += printedGrowth(item);
    return growth;
  }
  // Members that are undefined are not printed.
  const members: readonly unknown[] = Object.values(value);
  const values = members.filter((member) => member !== undefined);
  growth += values.length + Math.max(0, values.length - 1);
  for (const item of values) growth += printedGrowth(item);
  return growth;
}

const utf8 = new TextEncoder();

/** UTF-8 bytes of a payload as it is delivered: as PostgreSQL prints it. 0 for null, which is not sent. */
export function deliveredBytes(payload: unknown): number {
  if (payload === undefined || payload === null) return 0;
  return utf8.encode(JSON.stringify(payload)).length + printedGrowth(payload);
}
