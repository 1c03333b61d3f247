/** Builds the page into `dist`: no code from elsewhere at run time, nothing inlined, because the policy forbids both. */
import { defineConfig } from 'vite';

export default defineConfig({
  root: import.meta.dirname,
  // The gateway serves `assets` with a long life: their names change with their content.
  build: {
    outDir: 'dist',
    assetsDir: 'assets',
    assetsInlineLimit: 0,
    target: 'es2022',
    modulePreload: { polyfill: false },
    reportCompressedSize: false,
    sourcemap: false,
  },
  worker: { format: 'es' },
  // `npx vite` while working on the page; the gateway runs beside it.
  server: {
    host: '127.0.0.1',
    proxy: { '/v1': { target: 'http://127.0.0.1:8080', ws: true }, '/readyz': 'http://127.0.0.1:8080' },
  },
});
