import { fileURLToPath } from 'node:url';
import { expect, test } from '@jest/globals';
import { build } from 'esbuild';

/** Bundles code for no platform in particular: an import of a built-in module of Node.js is an error. */
async function bundle(contents: string): Promise<{ bytes: number; inputs: readonly string[] }> {
  const result = await build({
    stdin: { contents, resolveDir: fileURLToPath(new URL('.', import.meta.url)), loader: 'ts' },
    bundle: true,
    minify: true,
    write: false,
    metafile: true,
    format: 'esm',
    platform: 'neutral',
    conditions: ['@timer-platform/source'],
    logLevel: 'silent',
  });
  const [output] = Object.values(result.metafile.outputs);
  const inputs = Object.entries(output?.inputs ?? {}).filter(([, { bytesInOutput }]) => bytesInOutput > 0);
  return { bytes: output?.bytes ?? 0, inputs: inputs.map(([path]) => path) };
}

test('the root of the package needs no module of Node.js', async () => {
  const { bytes } = await bundle("export * from './index.ts';");
  expect(bytes).toBeGreaterThan(0);
  // Control: the check finds such a module.
  await expect(bundle("export * from 'node:http';")).rejects.toThrow('Could not resolve "node:http"');
});

test('the client alone has less than 20 kB minified, without zod', async () => {
  const { bytes, inputs } = await bundle("export { createClient } from './index.ts';");
  expect(inputs.filter((path) => path.includes('node_modules'))).toEqual([]);
  expect(bytes).toBeLessThan(20_000);
  expect(bytes).toBeGreaterThan(1_000);
});
