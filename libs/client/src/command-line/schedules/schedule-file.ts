import type * as contract from '@timer-platform/callback-types';
import type { PutScheduleRequest } from '@timer-platform/callback-types';
import { type Document, isMap, isScalar, LineCounter, parseDocument } from 'yaml';
import { isObject } from '../../client/json-object.ts';

/** The schemas with which a file is checked. */
export type ScheduleSchemas = Pick<typeof contract, 'putScheduleRequestSchema' | 'scheduleParamsSchema'>;

/** A schedule of a file. */
export interface FileSchedule {
  readonly key: string;
  readonly request: PutScheduleRequest;
}

/** One problem of a file. */
export interface FileIssue {
  /** From 1. */
  readonly line: number;
  /** Such as `schedules.daily-report.cron`; empty for the syntax. */
  readonly path: string;
  readonly message: string;
}

/** What a file says; its schedules are valid as far as can be told without the service. */
export interface ScheduleFile {
  /** The file owns every schedule whose key starts with this. */
  readonly prefix: string | undefined;
  readonly schedules: readonly FileSchedule[];
  readonly issues: readonly FileIssue[];
  /** The line of a field of a schedule, or of the innermost field that is in the file. */
  lineOf(key: string, field: readonly PropertyKey[]): number;
}

/** Aliases may repeat what they refer to; a file with more of them is an attack. */
const MAX_ALIASES = 1_000;
const FIELDS = new Set(['prefix', 'schedules']);

type Path = readonly PropertyKey[];

/** Collects issues, and finds the lines to which they belong. */
class FileReader {
  readonly issues: FileIssue[] = [];
  readonly #document: Document.Parsed;
  readonly #lines: LineCounter;

  constructor(text: string) {
    this.#lines = new LineCounter();
    this.#document = parseDocument(text, { lineCounter: this.#lines, merge: true, prettyErrors: false });
    for (const { pos, message } of this.#document.errors)
      this.#addAt(this.#lines.linePos(pos[0]).line, [], `${message}${this.#hint(message)}`);
  }

  read(): unknown {
    if (this.issues.length > 0) return undefined;
    try {
      return this.#document.toJS({ maxAliasCount: MAX_ALIASES }) as unknown;
    } catch (error) {
      this.#addAt(1, [], error instanceof Error ? error.message : 'cannot be read');
      return undefined;
    }
  }

  add(path: Path, message: string): void {
    this.#addAt(this.lineOf(path), path, message);
  }

  /** The line of the innermost part of a path that is in the document. */
  lineOf(path: Path): number {
    let offset = 0;
    let node: unknown = this.#document.contents;
    for (const name of path) {
      if (isMap(node)) {
        const pair = node.items.find(({ key }) => isScalar(key) && String(key.value) === String(name));
        const range = isScalar(pair?.key) ? pair.key.range : undefined;
        if (pair === undefined || range === undefined || range === null) break;
        offset = range[0];
        node = pair.value;
      } else {
        const item = this.#document.getIn(path.slice(0, path.indexOf(name) + 1), true);
        const range = isScalar(item) || isMap(item) ? item.range : undefined;
        if (range !== undefined && range !== null) offset = range[0];
        break;
      }
    }
    return this.#lines.linePos(offset).line;
  }

  #addAt(line: number, path: Path, message: string): void {
    this.issues.push({ line, path: path.map(String).join('.'), message });
  }

  #hint(message: string): string {
    return /alias|indicator|Unexpected/i.test(message)
      ? ". Cron expressions need quotes: cron: '*/5 * * * *'"
      : '';
  }
}

function readSchedule(
  reader: FileReader,
  schemas: ScheduleSchemas,
  key: string,
  value: unknown,
): FileSchedule[] {
  const at = ['schedules', key];
  const before = reader.issues.length;
  for (const { message } of schemas.scheduleParamsSchema.safeParse({ key }).error?.issues ?? [])
    reader.add(at, `the key ${message}`);
  const parsed = schemas.putScheduleRequestSchema.safeParse(value);
  for (const issue of parsed.error?.issues ?? []) {
    const names = issue.code === 'unrecognized_keys' ? issue.keys : [undefined];
    for (const name of names)
      reader.add(
        [...at, ...issue.path, ...(name === undefined ? [] : [name])],
        name === undefined ? issue.message : 'unknown field',
      );
  }
  return parsed.success && reader.issues.length === before ? [{ key, request: parsed.data }] : [];
}

function readPrefix(reader: FileReader, prefix: unknown, keys: readonly string[]): string | undefined {
  if (prefix === undefined) return undefined;
  if (typeof prefix !== 'string' || prefix === '') {
    reader.add(['prefix'], 'must be the text with which the keys of all schedules of this file start');
    return undefined;
  }
  for (const key of keys)
    if (!key.startsWith(prefix))
      reader.add(['schedules', key], `the key must start with the prefix ${prefix}`);
  return prefix;
}

/**
 * Reads a file of schedules, in YAML or JSON: `schedules`, a map from keys to the bodies of `PUT /schedules/:key`, and
 * optionally the `prefix` of their keys.
 */
export function readScheduleFile(text: string, schemas: ScheduleSchemas): ScheduleFile {
  const reader = new FileReader(text);
  const content = reader.read();
  const lineOf = (key: string, field: Path) => reader.lineOf(['schedules', key, ...field]);
  const empty = { prefix: undefined, schedules: [], issues: reader.issues, lineOf };
  if (reader.issues.length > 0) return empty;
  if (!isObject(content) || !isObject(content['schedules'])) {
    reader.add(['schedules'], 'must be a map from the keys of schedules to schedules');
    return empty;
  }
  for (const name of Object.keys(content)) if (!FIELDS.has(name)) reader.add([name], 'unknown field');
  const entries = Object.entries(content['schedules']);
  const keys = entries.map(([key]) => key);
  const prefix = readPrefix(reader, content['prefix'], keys);
  const schedules = entries.flatMap(([key, value]) => readSchedule(reader, schemas, key, value));
  return { prefix, schedules, issues: reader.issues, lineOf };
}
