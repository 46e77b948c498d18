import type { FileSoFar, StatementEffect, TableLock } from './statement-effect.ts';

interface ActionRule {
  readonly pattern: RegExp;
  readonly lock: TableLock;
  readonly long: boolean;
  readonly hazard?: string;
}

/** Default functions that PostgreSQL evaluates once for all rows; any other function call rewrites every row. */
const stableCall = /\b(?:now|transaction_timestamp|statement_timestamp)\s*\(\s*\)/gi;

/** In order of priority: the first match decides. */
const ACTIONS: readonly ActionRule[] = [
  {
    pattern: /^VALIDATE\s+CONSTRAINT\b/i,
    lock: 'SHARE UPDATE EXCLUSIVE',
    long: false,
    hazard: 'reads every row without blocking readers or writers',
  },
  { pattern: /^ADD\s+CONSTRAINT\b[\s\S]*\bUSING\s+INDEX\b/i, lock: 'ACCESS EXCLUSIVE', long: false },
  {
    pattern: /^ADD\b[\s\S]*\bFOREIGN\s+KEY\b[\s\S]*\bNOT\s+VALID\b/i,
    lock: 'SHARE ROW EXCLUSIVE',
    long: false,
  },
  {
    pattern: /^ADD\s+CONSTRAINT\b[\s\S]*\bCHECK\b[\s\S]*\bNOT\s+VALID\b/i,
    lock: 'ACCESS EXCLUSIVE',
    long: false,
  },
  {
    pattern: /^ADD\s+(?:CONSTRAINT\b[\s\S]*)?(?:CHECK|FOREIGN\s+KEY)\b/i,
    lock: 'ACCESS EXCLUSIVE',
    long: true,
    hazard: 'reads every row under the lock: add it NOT VALID and VALIDATE it in the next file',
  },
  {
    pattern: /^ADD\s+(?:CONSTRAINT\b[\s\S]*)?(?:UNIQUE|PRIMARY\s+KEY|EXCLUDE)\b/i,
    lock: 'ACCESS EXCLUSIVE',
    long: true,
    hazard: 'builds an index under the lock: build it CONCURRENTLY first, then ADD CONSTRAINT … USING INDEX',
  },
  {
    pattern: /^ADD\s+(?:COLUMN\s+)?[\s\S]*\b(?:SERIAL|BIGSERIAL|SMALLSERIAL|GENERATED)\b/i,
    lock: 'ACCESS EXCLUSIVE',
    long: true,
    hazard: 'rewrites every row under the lock',
  },
  {
    pattern: /^ADD\s+(?:COLUMN\s+)?[\s\S]*\b(?:CHECK|REFERENCES|UNIQUE|PRIMARY\s+KEY)\b/i,
    lock: 'ACCESS EXCLUSIVE',
    long: true,
    hazard: 'reads every row or builds an index under the lock: add the bare column first',
  },
  { pattern: /^ADD\s+(?:COLUMN\s+)?/i, lock: 'ACCESS EXCLUSIVE', long: false },
  {
    pattern: /^ALTER\s+(?:COLUMN\s+)?\S+\s+(?:SET\s+DATA\s+)?TYPE\b/i,
    lock: 'ACCESS EXCLUSIVE',
    long: true,
    hazard: 'usually rewrites every row and rebuilds every index under the lock',
  },
  {
    pattern: /^ALTER\s+(?:COLUMN\s+)?\S+\s+SET\s+NOT\s+NULL\b/i,
    lock: 'ACCESS EXCLUSIVE',
    long: true,
    hazard: 'reads every row under the lock, unless a validated CHECK (… IS NOT NULL) proves it',
  },
  {
    pattern: /^ALTER\s+(?:COLUMN\s+)?\S+\s+SET\s+STATISTICS\b/i,
    lock: 'SHARE UPDATE EXCLUSIVE',
    long: false,
  },
  {
    pattern: /^DROP\s+(?:COLUMN\s+)?(?!\s*CONSTRAINT)/i,
    lock: 'ACCESS EXCLUSIVE',
    long: false,
    hazard: 'programs that still use the column fail after the commit',
  },
  {
    pattern: /^RENAME\b/i,
    lock: 'ACCESS EXCLUSIVE',
    long: false,
    hazard: 'programs that still use the old name fail after the commit',
  },
  {
    pattern: /^SET\s+(?:LOGGED|UNLOGGED|TABLESPACE|ACCESS\s+METHOD)\b/i,
    lock: 'ACCESS EXCLUSIVE',
    long: true,
    hazard: 'rewrites the whole table under the lock',
  },
  { pattern: /^(?:ENABLE|DISABLE)\s+TRIGGER\b/i, lock: 'SHARE ROW EXCLUSIVE', long: false },
  {
    pattern: /^(?:DROP\s+CONSTRAINT|ALTER|SET|RESET|OWNER|REPLICA)\b/i,
    lock: 'ACCESS EXCLUSIVE',
    long: false,
  },
];

const STRENGTH: readonly TableLock[] = [
  'none',
  'ROW EXCLUSIVE',
  'SHARE UPDATE EXCLUSIVE',
  'SHARE',
  'SHARE ROW EXCLUSIVE',
  'ACCESS EXCLUSIVE',
];

/** Splits the actions of an ALTER TABLE at the commas outside parentheses. */
function splitActions(text: string): string[] {
  const found: string[] = [];
  let depth = 0;
  let start = 0;
  for (let at = 0; at <= text.length; at++) {
    const character = text.charAt(at);
    if (character === '(') depth++;
    else if (character === ')') depth--;
    else if ((character === ',' && depth === 0) || at === text.length) {
      found.push(text.slice(start, at).trim());
      start = at + 1;
    }
  }
  return found;
}

function analyzeAction(action: string): ActionRule {
  const found = ACTIONS.find(({ pattern }) => pattern.test(action));
  if (found === undefined)
    return {
      pattern: /^/,
      lock: 'ACCESS EXCLUSIVE',
      long: true,
      hazard: 'the analysis does not know this action',
    };
  const fallback = /\bDEFAULT\b([\s\S]*)$/i.exec(action)?.[1] ?? '';
  if (/^ADD\b/i.test(action) && /\w\s*\(/.test(fallback.replaceAll(stableCall, ''))) {
    return {
      ...found,
      long: true,
      hazard: 'the default is a function call: unless it is stable, every row is rewritten under the lock',
    };
  }
  return found;
}

/** Combines the actions: the strongest lock; long if any action is long. */
export function analyzeAlterTable(table: string, text: string, soFar: FileSoFar): StatementEffect {
  const found = splitActions(text).map(analyzeAction);
  const lock = found
    .map((action) => action.lock)
    .reduce((a, b) => (STRENGTH.indexOf(a) > STRENGTH.indexOf(b) ? a : b), 'none');
  const hazards = found.flatMap((action) => (action.hazard === undefined ? [] : [action.hazard]));
  const validates = found.some(({ pattern }) => pattern.source.includes('VALIDATE'));
  if (validates && soFar.locked.has(table.toLowerCase())) {
    return {
      lock: 'ACCESS EXCLUSIVE',
      table,
      blocks: 'long',
      touchesRows: true,
      hazards: [
        'an earlier statement of this file holds ACCESS EXCLUSIVE until the commit: VALIDATE in the next file',
      ],
    };
  }
  const long = found.some((action) => action.long);
  const blocks = long ? 'long' : lock === 'SHARE UPDATE EXCLUSIVE' ? 'nothing' : 'short';
  return { lock, table, blocks, touchesRows: long || validates, hazards };
}
