/** Paths of the workspace and its projects, for the scripts that run before anything is installed. */
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { fileURLToPath } from 'node:url';

/** The directory of nx.json. */
export const workspaceRoot = fileURLToPath(new URL('..', import.meta.url));

export function readJson(file) {
  return JSON.parse(readFileSync(file, 'utf8'));
}

/** Name in Nx and directory of every project. */
export function listProjects() {
  const nested = ['apps', 'libs'].flatMap((folder) => {
    const parent = path.join(workspaceRoot, folder);
    return existsSync(parent) ? readdirSync(parent).map((name) => path.join(parent, name)) : [];
  });
  return [...nested, path.join(workspaceRoot, 'examples')]
    .filter((directory) => existsSync(path.join(directory, 'package.json')))
    .map((directory) => {
      const manifest = readJson(path.join(directory, 'package.json'));
      return { name: manifest.nx?.name ?? manifest.name, directory };
    });
}
