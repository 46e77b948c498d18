import { readdirSync, readFileSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { brotliCompressSync, constants, gzipSync } from 'node:zlib';
import type { Plugin, ResolvedConfig } from 'vite';

const COMPRESSIBLE = /\.(?:js|css|svg)$/;

/** Writes `.gz` and `.br` beside what the build has written. index.html is left: the service fills it in. */
export function compressPlugin(): Plugin {
  let config: ResolvedConfig;
  return {
    name: 'compress',
    apply: 'build',
    configResolved(resolved) {
      config = resolved;
    },
    closeBundle() {
      const directory = path.resolve(config.root, config.build.outDir);
      for (const entry of readdirSync(directory, { recursive: true, withFileTypes: true }))
        if (entry.isFile() && COMPRESSIBLE.test(entry.name))
          compress(path.join(entry.parentPath, entry.name));
    },
  };
}

function compress(file: string): void {
  const content = readFileSync(file);
  writeFileSync(`${file}.gz`, gzipSync(content, { level: 9 }));
  writeFileSync(
    `${file}.br`,
    brotliCompressSync(content, {
      params: { [constants.BROTLI_PARAM_QUALITY]: constants.BROTLI_MAX_QUALITY },
    }),
  );
}
