import react from '@vitejs/plugin-react';
import { defineConfig, loadEnv } from 'vite';
import { compressPlugin } from './compress-plugin.ts';
import { developmentProxy } from './development-proxy.ts';

/** One file for each library, so that what it weighs is seen, and stays in caches when pages change. */
const LIBRARIES = [
  { name: 'react', test: /node_modules\/(?:react|react-dom|scheduler)\// },
  {
    name: 'router',
    test: /node_modules\/@tanstack\/(?:react-router|router-core|history|store|react-store)\//,
  },
  { name: 'query', test: /node_modules\/@tanstack\/(?:react-query|query-core)\// },
  { name: 'uplot', test: /node_modules\/uplot\// },
  // What screens share: in many small files it would weigh more.
  { name: 'shared', test: /\/console\/src\/(?:api|components(?!\/(?:plot|chart))|lib|preferences)\// },
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
    rolldownOptions: { output: { codeSplitting: { groups: LIBRARIES } } },
  },
  server: {
    proxy: developmentProxy(
      loadEnv(mode, import.meta.dirname, 'CONSOLE_')['CONSOLE_DEV_SERVICE'] ?? 'http://localhost:3000',
    ),
  },
}));
