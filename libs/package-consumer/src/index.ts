export { compile, type CompileOptions, MODULE_MODES, type ModuleMode } from './compile.ts';
export { type Consumer, type ConsumerOptions, installInConsumer } from './consumer.ts';
export { type DocumentedExample, documentedExamples } from './documented-examples.ts';
export { type CachedInstallation, type CachedPackages, installInCache } from './install-in-cache.ts';
export { type Manifest, type PackedPackage, readManifest } from './packed-package.ts';
export { type Run, run } from './run.ts';
export {
  type TypescriptCompiler,
  type TypescriptCompilers,
  typescriptCompilers,
} from './typescript-compilers.ts';
