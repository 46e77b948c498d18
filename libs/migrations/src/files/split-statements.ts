/** One SQL statement of a file, without its semicolon. */
export interface SqlStatement {
  readonly text: string;
  /** Index of the first character in the file, in UTF-16 units. */
  readonly offset: number;
}

const dollarTag = /\$(?:[A-Za-z_\u0080-\uffff][A-Za-z0-9_\u0080-\uffff]*)?\$/y;
const word = /[A-Za-z_\u0080-\uffff][A-Za-z0-9_$\u0080-\uffff]*/y;
const space = /[ \t\n\r\f\v]/;
/** After a string: white space with a newline, and the next part of the same string. */
const nextPart = /(?:[ \t\f\v]|--[^\n]*)*\n(?:\s|--[^\n]*\n)*'/y;

function endOfLineComment(sql: string, start: number): number {
  const newline = sql.indexOf('\n', start);
  return newline < 0 ? sql.length : newline;
}

/** PostgreSQL nests block comments. */
function endOfBlockComment(sql: string, start: number): number {
  let depth = 0;
  for (let at = start; at < sql.length; at++) {
    if (sql.startsWith('/*', at)) {
      depth++;
      at++;
    } else if (sql.startsWith('*/', at)) {
      depth--;
      at++;
      if (depth === 0) return at + 1;
    }
  }
  return sql.length;
}

/** A doubled quote needs no special case: it ends one literal and starts the next, by the same rules. */
function endOfQuoted(sql: string, start: number): number {
  const end = sql.indexOf(sql.charAt(start), start + 1);
  return end < 0 ? sql.length : end + 1;
}

/** The end of E'…', in which a backslash escapes a quote, also after a doubled quote and in the parts that follow. */
function endOfEscapeString(sql: string, start: number): number {
  for (let at = start + 1; at < sql.length; at++) {
    if (sql[at] === '\\' || sql.startsWith("''", at)) at++;
    else if (sql[at] === "'") {
      const part = matchAt(nextPart, sql, at + 1);
      if (part === undefined) return at + 1;
      at += part.length;
    }
  }
  return sql.length;
}

function matchAt(pattern: RegExp, sql: string, at: number): string | undefined {
  pattern.lastIndex = at;
  return pattern.exec(sql)?.[0];
}

/**
 * Returns the end of the comment, string, quoted name or dollar-quoted body that starts at `at`; undefined if none does.
 * Lexical rules: PostgreSQL manual, section 4.1. Assumes standard_conforming_strings = on.
 */
function endOfOpaqueToken(sql: string, at: number): number | undefined {
  switch (sql.charAt(at)) {
    case '-':
      return sql[at + 1] === '-' ? endOfLineComment(sql, at) : undefined;
    case '/':
      return sql[at + 1] === '*' ? endOfBlockComment(sql, at) : undefined;
    case '"':
      return endOfQuoted(sql, at);
    case "'":
      return /(?:^|[^A-Za-z0-9_$\u0080-\uffff])[eE]$/.test(sql.slice(Math.max(0, at - 2), at))
        ? endOfEscapeString(sql, at)
        : endOfQuoted(sql, at);
    case '$': {
      const tag = matchAt(dollarTag, sql, at);
      if (tag === undefined) return undefined;
      const close = sql.indexOf(tag, at + tag.length);
      return close < 0 ? sql.length : close + tag.length;
    }
    default:
      return undefined;
  }
}

/**
 * Splits an SQL file into statements, in order. Semicolons in strings, quoted names, comments, dollar quotes,
 * parentheses and `BEGIN ATOMIC … END` bodies do not end a statement. Never fails: PostgreSQL reports malformed SQL.
 */
export function splitStatements(sql: string): SqlStatement[] {
  const statements: SqlStatement[] = [];
  let start: number | undefined;
  let end = 0;
  let parentheses = 0;
  let atomicBlocks = 0;
  let previousWord = '';

  const finish = (): void => {
    if (start !== undefined) statements.push({ text: sql.slice(start, end), offset: start });
    start = undefined;
    parentheses = 0;
    atomicBlocks = 0;
    previousWord = '';
  };

  for (let at = 0; at < sql.length;) {
    const character = sql.charAt(at);
    if (character === ';' && parentheses <= 0 && atomicBlocks === 0) {
      finish();
      at++;
      continue;
    }
    if (space.test(character)) {
      at++;
      continue;
    }
    const opaqueEnd = endOfOpaqueToken(sql, at);
    const isComment = opaqueEnd !== undefined && (character === '-' || character === '/');
    const token = opaqueEnd === undefined ? matchAt(word, sql, at) : undefined;
    if (token !== undefined) {
      const upper = token.toUpperCase();
      if (upper === 'ATOMIC' && previousWord === 'BEGIN') atomicBlocks++;
      else if (atomicBlocks > 0 && upper === 'CASE') atomicBlocks++;
      else if (atomicBlocks > 0 && upper === 'END') atomicBlocks--;
      previousWord = upper;
    } else if (character === '(') parentheses++;
    else if (character === ')') parentheses--;

    const next = opaqueEnd ?? at + (token?.length ?? 1);
    if (!isComment) {
      start ??= at;
      end = next;
    }
    at = next;
  }
  finish();
  return statements;
}

/** Replaces the content of comments and strings by spaces, so that only SQL keywords and names remain. Keeps the length. */
export function maskOpaqueTokens(sql: string): string {
  let masked = '';
  for (let at = 0; at < sql.length;) {
    const end = endOfOpaqueToken(sql, at);
    if (end === undefined) {
      masked += sql.charAt(at);
      at++;
    } else {
      masked += sql[at] === '"' ? sql.slice(at, end) : sql.slice(at, end).replace(/[^\n]/g, ' ');
      at = end;
    }
  }
  return masked;
}

/** Line and column of an index in the file, both 1-based. Columns count characters, as in editors and psql. */
export function lineAndColumn(sql: string, offset: number): { line: number; column: number } {
  const before = sql.slice(0, offset);
  const lastNewline = before.lastIndexOf('\n');
  return {
    line: before.split('\n').length,
    column: Array.from(before.slice(lastNewline + 1)).length + 1,
  };
}
