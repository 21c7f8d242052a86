import { defineConfig } from 'vite';

export default defineConfig({
  root: import.meta.dirname,
  define: { global: 'globalThis' }, // what the client expects of every bundler
  build: {
    outDir: '../../../build/e2e/client-page',
    emptyOutDir: true,
    chunkSizeWarningLimit: 4000,
  },
});
