import { parseJsonText } from '../lib/json-text.ts';
import { type LocalTime, resolveLocalTime } from '../lib/zoned-time.ts';

/** Reads fields of a form, and collects what is wrong with them. Empty fields are undefined. */
export class FieldReader {
  readonly problems: { path: string; message: string }[] = [];

  add(path: string, message: string): void {
    this.problems.push({ path, message });
  }

  text(text: string): string | undefined {
    const trimmed = text.trim();
    return trimmed === '' ? undefined : trimmed;
  }

  number(path: string, text: string): number | undefined {
    const trimmed = text.trim();
    if (trimmed === '') return undefined;
    if (/^-?\d{1,15}(\.\d{1,15})?$/.test(trimmed)) return Number(trimmed);
    this.add(path, 'must be a number');
    return undefined;
  }

  json(path: string, text: string): unknown {
    if (text.trim() === '') return undefined;
    const parsed = parseJsonText(text);
    if (parsed.ok) return parsed.value;
    this.add(path, parsed.problem);
    return undefined;
  }

  /** @returns RFC 3339 in UTC */
  instant(path: string, time: LocalTime, zone: string): string | undefined {
    const resolved = resolveLocalTime(time, zone);
    if (resolved.kind === 'invalid') this.add(path, resolved.problem);
    return resolved.kind === 'instant' ? new Date(resolved.at).toISOString() : undefined;
  }
}

/** Fields that may be undefined are absent instead. */
type Present<Fields> = {
  [Name in keyof Fields as undefined extends Fields[Name] ? never : Name]: Fields[Name];
} & {
  [Name in keyof Fields as undefined extends Fields[Name] ? Name : never]?: Exclude<Fields[Name], undefined>;
};

/** An object without the fields that are undefined. */
export function present<Fields extends object>(fields: Fields): Present<Fields> {
  return Object.fromEntries(
    Object.entries(fields).filter(([, value]) => value !== undefined),
  ) as Present<Fields>;
}

/** The texts of lines or of a list with commas, without empty ones. */
export function listOf(text: string, separator: RegExp): string[] {
  return text
    .split(separator)
    .map((item) => item.trim())
    .filter((item) => item !== '');
}
