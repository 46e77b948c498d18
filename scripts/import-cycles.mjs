/**
 * Finds circular imports. At every level of a project, files and folders must form a graph without cycles: a folder counts
 * as one node with all imports of the files below it. The same holds for the graph of the projects.
 */
import { readdirSync, readFileSync } from 'node:fs';
import path from 'node:path';
import ts from 'typescript';

/** Paths of a project's TypeScript files, tests apart, relative to its folder. */
function listSources(directory) {
  return readdirSync(directory, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile() && /\.tsx?$/.test(entry.name) && !/\.test\.tsx?$/.test(entry.name))
    .map((entry) => path.relative(directory, path.join(entry.parentPath, entry.name)).replaceAll('\\', '/'));
}

/**
 * Imports between the files of one folder, types included.
 * @returns {Map<string, string[]>} file → files that it imports, relative to the folder
 */
export function readImports(directory) {
  const imports = new Map();
  for (const file of listSources(directory)) {
    const { importedFiles } = ts.preProcessFile(readFileSync(path.join(directory, file), 'utf8'), true, true);
    const relative = importedFiles
      .map(({ fileName }) => fileName)
      .filter((name) => name.startsWith('.'))
      .map((name) => path.posix.join(path.posix.dirname(file), name));
    imports.set(file, relative);
  }
  return imports;
}

/** Nodes of a graph that can reach themselves, each with the path back to it. */
export function findCycles(graph) {
  const cycles = [];
  for (const start of graph.keys()) {
    const reachedFrom = new Map();
    const open = [start];
    for (let node = open.pop(); node !== undefined && !reachedFrom.has(start); node = open.pop())
      for (const next of graph.get(node) ?? [])
        if (!reachedFrom.has(next)) {
          reachedFrom.set(next, node);
          open.push(next);
        }
    if (!reachedFrom.has(start)) continue;
    const way = [start];
    for (let node = reachedFrom.get(start); node !== start; node = reachedFrom.get(node)) way.unshift(node);
    cycles.push([start, ...way]);
  }
  return cycles;
}

/**
 * Circular imports between the files and folders of the same level, at every level.
 * @returns {string[]} one line for each node in a cycle; empty if there is none
 */
export function findImportCycles(imports) {
  const levels = new Map();
  for (const [file, targets] of imports)
    for (const target of targets) {
      const [from, to] = [file.split('/'), target.split('/')];
      let depth = 0;
      while (depth < from.length - 1 && depth < to.length - 1 && from[depth] === to[depth]) depth += 1;
      if (from[depth] === to[depth]) continue;
      const level = from.slice(0, depth).join('/');
      const graph = levels.get(level) ?? new Map();
      levels.set(level, graph);
      graph.set(from[depth], (graph.get(from[depth]) ?? new Set()).add(to[depth]));
    }
  return [...levels].flatMap(([level, graph]) =>
    findCycles(graph).map((cycle) => `${level === '' ? '.' : level}: ${cycle.join(' → ')}`),
  );
}

/** The longest chain of imports, the first file first. */
export function longestChain(imports) {
  const chains = new Map();
  const chainFrom = (file) => {
    if (!chains.has(file)) {
      // Ends the recursion in a cycle.
      chains.set(file, [file]);
      const tails = (imports.get(file) ?? []).map(chainFrom).sort((one, other) => other.length - one.length);
      chains.set(file, [file, ...(tails[0] ?? [])]);
    }
    return chains.get(file);
  };
  return [...imports.keys()]
    .map(chainFrom)
    .reduce((best, next) => (next.length > best.length ? next : best), []);
}
