import { readFileSync } from 'node:fs';
import path from 'node:path';
import { run } from './run.ts';
import { WORKSPACE } from './workspace.ts';

/** A public package of the workspace, as `npm publish` would upload it. */
export interface PackedPackage {
  readonly name: string;
  readonly tarball: string;
  /** Size of the tarball and of the files in it, in bytes. */
  readonly packedBytes: number;
  readonly unpackedBytes: number;
  /** Paths of the files in it. */
  readonly files: readonly string[];
  readonly manifest: Manifest;
}

/** What the tests read of a package.json. */
export interface Manifest {
  readonly name: string;
  readonly private?: boolean;
  readonly bin?: Readonly<Record<string, string>>;
  readonly dependencies?: Readonly<Record<string, string>>;
  readonly optionalDependencies?: Readonly<Record<string, string>>;
  readonly peerDependencies?: Readonly<Record<string, string>>;
  readonly scripts?: Readonly<Record<string, string>>;
}

interface PackReport {
  readonly filename: string;
  readonly size: number;
  readonly unpackedSize: number;
  readonly files: readonly { readonly path: string }[];
}

/** Reads the package.json of a library, given the name of its directory in libs/. */
export function readManifest(library: string): Manifest {
  return JSON.parse(readFileSync(path.join(WORKSPACE, 'libs', library, 'package.json'), 'utf8')) as Manifest;
}

/**
 * Packs the build of a library into a directory. The build must exist: scripts of the package do not run.
 * @throws Error if npm fails or if there is no build
 */
export async function packLibrary(library: string, directory: string): Promise<PackedPackage> {
  const cwd = path.join(WORKSPACE, 'libs', library);
  const args = ['pack', '--json', '--ignore-scripts', '--pack-destination', directory];
  const { status, output } = await run('npm', args, cwd);
  const start = output.indexOf('[');
  if (status !== 0 || start < 0) throw new Error(`npm pack of ${library} failed:\n${output}`);
  const [report] = JSON.parse(output.slice(start)) as PackReport[];
  if (report === undefined) throw new Error(`npm pack of ${library} packed nothing`);
  const files = report.files.map((file) => file.path);
  if (!files.some((file) => file.startsWith('dist/')))
    throw new Error(`${library} is not built: run npx nx build ${library}`);
  return {
    name: readManifest(library).name,
    tarball: path.join(directory, path.basename(report.filename)),
    packedBytes: report.size,
    unpackedBytes: report.unpackedSize,
    files,
    manifest: readManifest(library),
  };
}
