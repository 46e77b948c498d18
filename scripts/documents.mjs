/** What the Markdown documents of the workspace refer to: files, headings, Nx targets, npm scripts and commands. */
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { workspaceRoot } from './workspace.mjs';

const NOT_SOURCE = new Set(['node_modules', 'dist', 'coverage', '.git', '.nx', '.peers', '.timer']);

/** Paths of all Markdown files, relative to the workspace. */
export function listDocuments(directory = '') {
  return readdirSync(path.join(workspaceRoot, directory), { withFileTypes: true }).flatMap((entry) => {
    const file = path.join(directory, entry.name);
    if (entry.isDirectory()) return NOT_SOURCE.has(entry.name) ? [] : listDocuments(file);
    return entry.name.endsWith('.md') ? [file] : [];
  });
}

function withoutCodeBlocks(markdown) {
  return markdown.replace(/^ *(`{3,})[\s\S]*?^ *\1$/gm, '');
}

/** Targets of the relative links of a document. */
export function findLinks(markdown) {
  const text = withoutCodeBlocks(markdown).replace(/`[^`\n]*`/g, '');
  return [...text.matchAll(/\]\(([^)\s]+)\)/g)].map(([, link]) => link).filter((link) => !/^\w+:/.test(link));
}

/** Anchors of the headings of a document, as GitHub creates them. */
export function findAnchors(markdown) {
  return [...withoutCodeBlocks(markdown).matchAll(/^#+ (.+)$/gm)].map(([, heading]) =>
    heading
      .toLowerCase()
      .replace(/[^\p{L}\p{N}\s_-]/gu, '')
      .replaceAll(' ', '-'),
  );
}

/** Why a link of a document is broken; undefined if it is not. */
export function findBrokenLink(document, link) {
  const [target, anchor] = link.split('#');
  const file = target === '' ? document : path.join(path.dirname(document), target);
  const absolute = path.join(workspaceRoot, file);
  if (!existsSync(absolute)) return `${link}: there is no ${file}`;
  if (anchor === undefined || findAnchors(readFileSync(absolute, 'utf8')).includes(anchor)) return undefined;
  return `${link}: ${file} has no heading #${anchor}`;
}

/**
 * Nx targets that a document mentions, as `project:target`: in `nx run project:target`, in `nx target project`, and
 * wherever the name of a project is followed by a colon and a word.
 *
 * @param projects names of all projects
 */
export function findTargets(markdown, projects) {
  const names = projects.join('|');
  const patterns = [/\bnx run ([\w-]+):([\w-]+)/g, new RegExp(String.raw`\b(${names}):([a-z][\w-]*)`, 'g')];
  const targets = patterns.flatMap((pattern) =>
    [...markdown.matchAll(pattern)].map(([, project, target]) => `${project}:${target}`),
  );
  const short = new RegExp(String.raw`\bnx ([a-z][\w-]*) (${names})(?![\w:-])`, 'g');
  for (const [, target, project] of markdown.matchAll(short)) targets.push(`${project}:${target}`);
  return [...new Set(targets)];
}

/** npm scripts that a document mentions: `npm start`, `npm test` and `npm run name`. */
export function findScripts(markdown) {
  const names = [...markdown.matchAll(/\bnpm (?:run ([\w:-]+)|(start|test)\b)/g)];
  return [...new Set(names.map(([, name, short]) => name ?? short))];
}

/** Commands of the lines of a shell block. A command with an open quote continues on the next line. */
function splitCommands(block) {
  const commands = [];
  let command = '';
  for (const line of block.split('\n')) {
    command += command === '' ? line.replace(/(^|\s+)#\s.*$/, '') : `\n${line}`;
    const isComplete = command.split("'").length % 2 === 1;
    if (isComplete && command !== '') commands.push(command);
    if (isComplete) command = '';
  }
  return commands;
}

const INLINE_COMMAND =
  /^(?:[A-Z_]+=\S+ )*(?:npx |npm (?:ci|run|start|test|version)\b|node (?:-|scripts\/|apps\/))/;

/**
 * Commands that a document shows: each command of its `sh` blocks, and inline code that starts with npx, npm or node,
 * possibly after variables.
 */
export function findCommands(markdown) {
  const blocks = [...markdown.matchAll(/^( *)```sh\n([\s\S]*?)^\1```$/gm)].flatMap(([, indent, block]) =>
    splitCommands(block.replaceAll(new RegExp(`^${indent}`, 'gm'), '')),
  );
  const inline = [...withoutCodeBlocks(markdown).matchAll(/`([^`\n]+)`/g)].map(([, code]) => code);
  return [...new Set([...blocks, ...inline.filter((code) => INLINE_COMMAND.test(code))])];
}
