import react from '@vitejs/plugin-react';
import { defineConfig, loadEnv } from 'vite';
import { compressPlugin } from './compress-plugin.ts';
import { developmentProxy } from './development-proxy.ts';

/** Files of the build: one for each library, so that what it weighs is seen, and stays in caches when pages change. */
const GROUPS = [
  { name: 'react', test: /node_modules\/(?:react|react-dom|scheduler)\//, priority: 2 },
  {
    name: 'router',
    test: /node_modules\/@tanstack\/(?:react-router|router-core|history|store|react-store)\//,
    priority: 2,
  },
  { name: 'query', test: /node_modules\/@tanstack\/(?:react-query|query-core)\//, priority: 2 },
  { name: 'uplot', test: /node_modules\/uplot\//, priority: 2 },
  // Our own files: in one for each screen they would weigh a fifth more. The first one has what screens share, too.
  {
    name: 'operating',
    test: /\/console\/src\/(?!components\/plot|main|forms\/|screens\/(?:new-\w+|schedules?|inspector)\/)/,
    priority: 1,
  },
  { name: 'editing', test: /\/console\/src\/(?:forms|screens)\// },
];

export default defineConfig(({ command, mode }) => ({
  // Built: relative, so that <base href> of the page decides, which the service fills in.
  base: command === 'build' ? './' : '/console/',
  plugins: [react(), compressPlugin()],
  build: {
    target: 'es2022',
    // Never inlined: the Content-Security-Policy allows files of this origin only.
    assetsInlineLimit: 0,
    modulePreload: { polyfill: false },
    reportCompressedSize: false,
    rolldownOptions: { output: { codeSplitting: { groups: GROUPS } } },
  },
  server: {
    proxy: developmentProxy(
      loadEnv(mode, import.meta.dirname, 'CONSOLE_')['CONSOLE_DEV_SERVICE'] ?? 'http://localhost:3000',
    ),
  },
}));
