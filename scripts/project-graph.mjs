import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { runCommand } from './run-command.mjs';
import { readJson, workspaceRoot } from './workspace.mjs';

/**
 * Computes the graph of Nx, its nodes and dependencies by name of the project. Also leaves it in the cache of Nx: there the
 * lint rule for boundaries finds it, which accepts everything if there is none.
 *
 * @throws Error with the output of Nx if it fails
 */
export async function computeProjectGraph() {
  const directory = mkdtempSync(path.join(tmpdir(), 'project-graph-'));
  try {
    const file = path.join(directory, 'graph.json');
    const nx = path.join(workspaceRoot, 'node_modules', 'nx', 'dist', 'bin', 'nx.js');
    const { exitCode, output } = await runCommand(process.execPath, [nx, 'graph', `--file=${file}`], {
      quiet: true,
    });
    if (exitCode !== 0) throw new Error(`nx graph has failed (exit code ${exitCode}):\n${output}`);
    return readJson(file).graph;
  } finally {
    rmSync(directory, { recursive: true });
  }
}
